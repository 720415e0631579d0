"""Frames and values: how plain data crosses the socket."""

import json
import os
import socket
import sys

#: Objects that only Python can hold, by the number that the other side knows them by.
held = []


class Connection:
    """Length-prefixed JSON over a socket; some frames bring file descriptors along."""

    __slots__ = ("socket",)

    def __init__(self, connection):
        self.socket = connection

    def send(self, message):
        data = json.dumps(message).encode()
        self.socket.sendall(len(data).to_bytes(4, "little") + data)

    def receive(self):
        """Give the next message and its file descriptors; leave the process when the other side is gone."""
        header, fds, _, _ = socket.recv_fds(self.socket, 4, 4)
        header += self._exactly(4 - len(header)) if header else self._gone()
        return json.loads(self._exactly(int.from_bytes(header, "little"))), fds

    def _exactly(self, length):
        pieces = []
        while length:
            piece = self.socket.recv(min(length, 1 << 20))
            if not piece:
                self._gone()
            pieces.append(piece)
            length -= len(piece)
        return b"".join(pieces)

    def _gone(self):
        from _tureen import copies, jobs

        jobs.kill_all()
        copies.end()
        os._exit(0)


def encode(value):
    """Turn a value into JSON that says which Python type it was."""
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is int:
        if -(1 << 63) <= value < 1 << 63:
            return value
    elif kind is float:
        return {"f": repr(value)}
    elif isinstance(value, str):
        if is_text(value):
            return str.__str__(value)
    elif kind is list or (isinstance(value, list) and hasattr(value, "_names")):
        return [encode(item) for item in value]
    elif kind is tuple:
        return {"t": [encode(item) for item in value]}
    elif isinstance(value, dict) and (kind is dict or kind.__name__ == "OrderedDict"):
        return {"d": [[encode(key), encode(item)] for key, item in value.items()]}
    held.append(value)
    return {"o": [clean(str(value)), clean(repr(value)), len(held) - 1]}


def decode(data):
    """Undo `encode`; objects come back as the very same objects."""
    if isinstance(data, list):
        return [decode(item) for item in data]
    if not isinstance(data, dict):
        return data
    ((tag, content),) = data.items()
    if tag == "f":
        return float(content)
    if tag == "t":
        return tuple(decode(item) for item in content)
    if tag == "d":
        return {decode(key): decode(item) for key, item in content}
    text, shown, number = content
    if number is not None:
        return held[number]
    if shown.startswith("datetime"):
        return moment(text)
    return int(text)


def moment(text):
    """Give the date or time of a YAML scalar, as PyYAML does."""
    import datetime
    import re

    parts = re.match(
        r"(\d+)-(\d+)-(\d+)(?:(?:[Tt]|[ \t]+)(\d+):(\d+):(\d+)(?:\.(\d*))?"
        r"[ \t]*(?:(Z)|([-+])(\d+)(?::(\d+))?)?)?$",
        text,
    )
    year, month, day = (int(parts[index]) for index in (1, 2, 3))
    if parts[4] is None:
        return datetime.date(year, month, day)
    fraction = int((parts[7] or "")[:6].ljust(6, "0"))
    zone = None
    if parts[9]:
        offset = datetime.timedelta(hours=int(parts[10]), minutes=int(parts[11] or 0))
        zone = datetime.timezone(-offset if parts[9] == "-" else offset)
    elif parts[8]:
        zone = datetime.timezone.utc
    return datetime.datetime(
        year, month, day, int(parts[4]), int(parts[5]), int(parts[6]), fraction, tzinfo=zone
    )


def is_text(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def clean(text):
    return text.encode("utf-8", "backslashreplace").decode()


def flush():
    """Empty Python's own output buffers, so that nothing is written twice after a fork."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass
