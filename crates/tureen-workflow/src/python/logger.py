"""`snakemake.logging.logger`: what a Snakefile logs goes to the terminal and into the run's log."""

import logging
import sys

from _tureen import log_file


class _RunLog(logging.Handler):
    def emit(self, record):
        log_file.add(self.format(record))


logger = logging.getLogger("snakemake.logging")
logger.setLevel(logging.INFO)
for _handler in (logging.StreamHandler(sys.stderr), _RunLog()):
    _handler.is_ours = True
    _handler.setFormatter(logging.Formatter("%(message)s"))
    logger.addHandler(_handler)
