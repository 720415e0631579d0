"""One end of a socket between the user's process and a worker: frames of bytes, with descriptors.

Knows nothing of what is in a frame.
"""

from __future__ import annotations

import array
import os
import struct

from tureen._processes.bare import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tureen._processes.bare import Socket

_HEADER = struct.Struct("<IIQ")
"""The kind of the frame, the number of descriptors, the number of bytes."""

_MOST_DESCRIPTORS = 200
"""In one message; the system allows 253."""

# To a worker.
BEGIN, FUNCTION, PUT, WORK, DROP, END = range(1, 7)
# To a worker's second thread, by the second socket.
FETCH, STOP = range(11, 13)
# From a worker.
OUTPUT, REPLY, FETCHED = range(21, 24)


class Wire:
    """A connected socket that frames go through."""

    __slots__ = ("_socket",)

    def __init__(self, connected: Socket) -> None:
        self._socket = connected

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def send(self, kind: int, *parts: bytes | memoryview, descriptors: Sequence[int] = ()) -> None:
        """Send a frame of these parts.

        Raises:
            OSError: the other end is gone.
        """
        header = _HEADER.pack(kind, len(descriptors), sum(map(len, parts)))
        first, rest = descriptors[:_MOST_DESCRIPTORS], descriptors[_MOST_DESCRIPTORS:]
        self._send_all([header, *parts], first)
        while rest:
            # One byte each, for there must be one for descriptors to ride on.
            first, rest = rest[:_MOST_DESCRIPTORS], rest[_MOST_DESCRIPTORS:]
            self._send_all([b"\0"], first)

    def _send_all(self, parts: Sequence[bytes | memoryview], descriptors: Sequence[int]) -> None:
        extra = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        sent = self._socket.sendmsg(parts, extra)
        for part in parts:
            if sent >= len(part):
                sent -= len(part)
                continue
            self._socket.sendall(memoryview(part)[sent:])
            sent = 0

    def receive(self) -> tuple[int, bytearray, list[int]]:
        """Wait for a frame; give its kind, its bytes and its descriptors.

        Raises:
            EOFError: the other end is gone.
        """
        descriptors: list[int] = []
        try:
            header = self._receive(_HEADER.size, descriptors)
            kind, n_descriptors, length = _HEADER.unpack(header)
            body = self._receive(length, None)
            while len(descriptors) < n_descriptors:
                self._receive(1, descriptors)
        except BaseException as error:  # Ctrl-C, too: descriptors may hold much memory
            for descriptor in descriptors:
                os.close(descriptor)
            if isinstance(error, (EOFError, OSError)):
                raise EOFError("the other end is gone") from error
            raise
        return kind, body, descriptors

    def discard(self) -> None:
        """Throw away what has arrived: no frame will be read from here again."""
        try:
            while self._socket.recv(1 << 16, socket.MSG_DONTWAIT):
                pass
        except OSError:
            pass  # nothing more, or closed

    def _receive(self, length: int, descriptors: list[int] | None) -> bytearray:
        body = bytearray(length)
        view = memoryview(body)
        while view:
            if descriptors is None:
                n = self._socket.recv_into(view, flags=socket.MSG_WAITALL)
            else:
                space = socket.CMSG_SPACE(_MOST_DESCRIPTORS * array.array("i").itemsize)
                n, extra, _, _ = self._socket.recvmsg_into([view], space, socket.MSG_CMSG_CLOEXEC)
                for _, _, data in extra:
                    numbers = array.array("i")
                    numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
                    descriptors.extend(numbers)
            if n == 0:
                raise EOFError
            view = view[n:]
        return body
