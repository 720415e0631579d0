"""The log of this run: where it is, and who else hears what goes into it."""

import sys

#: The file, if this run has one. It is made when there is something to write.
path = None


def add(text):
    if path is not None:
        import os

        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text + "\n")


def _listeners():
    """Yield the handlers that the Snakefile has given to Snakemake's loggers, with their loggers."""
    if "logging" not in sys.modules:
        return
    import logging

    for name in ("snakemake.logging", "snakemake"):
        logger = logging.getLogger(name)
        for handler in logger.handlers:
            if not getattr(handler, "is_ours", False):
                yield logger, handler
        if not logger.propagate:
            break


def is_listened_to():
    return any(True for _ in _listeners())


def pass_on(level, text):
    """Let the Snakefile's handlers hear what the other side has said."""
    import logging

    record = logging.LogRecord("snakemake.logging", getattr(logging, level), __file__, 0, text, None, None)
    for logger, handler in _listeners():
        if logger.isEnabledFor(record.levelno) and record.levelno >= handler.level:
            handler.handle(record)
