"""Frames between the user's process and its workers: whole, in order, and with their descriptors."""

from __future__ import annotations

import os
import random
import signal
import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tureen._tureen import Listener, Wire

IDLE, BUSY, GIVEN = 1, 2, 3


@pytest.fixture
def wires() -> Iterator[tuple[Wire, Wire]]:
    ours, theirs = Wire.pair()
    yield ours, theirs
    ours.close()
    theirs.close()


def heard_within(listener: Listener, seconds: float) -> list[tuple[int, int, bytes, list[int], bool]]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        heard = listener.listen(1000 * (until - time.monotonic()))
        if heard:
            return heard
    return []


def test_frames_arrive_as_they_were_sent(wires: tuple[Wire, Wire]) -> None:
    ours, theirs = wires
    chance = random.Random(7)
    sizes = [0, 1, 15, 16, 17, 1 << 16, 3_000_000, *(chance.randrange(200_000) for _ in range(100))]
    frames = [(number, chance.randbytes(size)) for number, size in enumerate(sizes)]

    def send() -> None:
        for kind, data in frames:
            middle = chance.randrange(len(data) + 1)
            theirs.send(kind, data[:middle], b"", data[middle:])

    sender = threading.Thread(target=send)
    sender.start()
    assert [ours.receive() for _ in frames] == [(kind, data, []) for kind, data in frames]
    sender.join()


@pytest.mark.parametrize("n", [1, 200, 201, 650])
def test_descriptors_arrive_in_their_order_and_are_not_inherited(wires: tuple[Wire, Wire], n: int) -> None:
    ours, theirs = wires
    files = [os.memfd_create("tureen-test") for _ in range(n)]
    for number, file in enumerate(files):
        os.write(file, b"%d" % number)
    sender = threading.Thread(target=theirs.send, args=(5, b"x" * 300_000), kwargs={"descriptors": files})
    sender.start()
    kind, body, received = ours.receive()
    sender.join()
    try:
        assert (kind, len(body), len(received)) == (5, 300_000, n)
        assert [os.pread(file, 9, 0) for file in received] == [b"%d" % number for number in range(n)]
        assert not any(os.get_inheritable(file) for file in received)
    finally:
        for file in (*files, *received):
            os.close(file)


def test_frames_of_several_threads_do_not_mix(wires: tuple[Wire, Wire]) -> None:
    ours, theirs = wires
    n_threads, n_frames = 4, 30

    def send(kind: int) -> None:
        for number in range(n_frames):
            theirs.send(kind, bytes([kind]) * 100_000, bytes([number]))

    senders = [threading.Thread(target=send, args=(kind,)) for kind in range(n_threads)]
    for sender in senders:
        sender.start()
    received = [ours.receive() for _ in range(n_threads * n_frames)]
    for sender in senders:
        sender.join()
    for kind in range(n_threads):
        bodies = [body for other, body, _ in received if other == kind]
        assert bodies == [bytes([kind]) * 100_000 + bytes([number]) for number in range(n_frames)]


def test_what_is_gone_is_told(wires: tuple[Wire, Wire]) -> None:
    ours, theirs = wires
    theirs.send(1, b"last")
    theirs.close()
    assert ours.receive() == (1, b"last", [])
    with pytest.raises(EOFError):
        ours.receive()
    with pytest.raises(BrokenPipeError):
        ours.send(1, b"to nobody")
    assert theirs.fileno() == -1
    with pytest.raises(OSError, match="Bad file"):
        theirs.send(1)


def test_a_frame_that_is_not_all_there_when_its_sender_dies_is_no_frame() -> None:
    one, other = socket.socketpair()
    ours = Wire(one.detach())
    # It announces more than there is memory, and does not mean it.
    other.sendall(struct.pack("<IIQ", 1, 0, 1 << 60) + b"x" * 1000)
    other.close()
    with pytest.raises(EOFError):
        ours.receive()
    ours.close()


def test_who_is_idle_gets_what_is_ready_first_come_first_served() -> None:
    pairs = [Wire.pair() for _ in range(3)]
    listener = Listener(IDLE)
    for number, (ours, _) in enumerate(pairs):
        listener.add(number, ours)
    assert not listener.has_news()
    assert listener.listen(1) == []
    listener.put_ahead(GIVEN, b"fir", b"st")
    listener.put_ahead(GIVEN, b"second")
    pairs[1][1].send(BUSY, b"not yet")
    assert heard_within(listener, 10) == [(1, BUSY, b"not yet", [], False)]
    for number, word in ((1, b"first"), (0, b"second")):
        pairs[number][1].send(IDLE, b"done")
        assert listener.has_news()
        assert heard_within(listener, 10) == [(number, IDLE, b"done", [], True)]
        assert pairs[number][1].receive() == (GIVEN, word, [])
    pairs[2][1].send(IDLE)
    assert heard_within(listener, 10) == [(2, IDLE, b"", [], False)]
    pairs[0][1].close()
    assert heard_within(listener, 10) == [(0, 0, b"", [], False)]
    listener.remove(0)
    assert listener.listen(1) == []
    for wire in (wire for pair in pairs for wire in pair):
        wire.close()


def test_half_a_frame_keeps_nobody_from_hearing_the_others() -> None:
    one, other = socket.socketpair()
    slow = Wire(one.detach())
    ours, theirs = Wire.pair()
    listener = Listener(IDLE)
    listener.add(0, slow)
    listener.add(1, ours)
    frame = struct.pack("<IIQ", BUSY, 0, 4) + b"slow"
    other.sendall(frame[:9])
    theirs.send(BUSY, b"quick")
    assert heard_within(listener, 10) == [(1, BUSY, b"quick", [], False)]
    other.sendall(frame[9:18])
    assert listener.listen(1) == []
    other.sendall(frame[18:])
    assert heard_within(listener, 10) == [(0, BUSY, b"slow", [], False)]
    other.close()
    for wire in (slow, ours, theirs):
        wire.close()


def test_listening_can_be_interrupted(wires: tuple[Wire, Wire]) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    listener = Listener(IDLE)
    listener.add(0, wires[0])
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(KeyboardInterrupt):
            listener.listen()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_an_interrupt_leaves_no_half_frame_behind(wires: tuple[Wire, Wire]) -> None:
    ours, theirs = wires
    received: list[tuple[int, bytes, list[int]]] = []
    was_interrupted = threading.Event()

    def receive() -> None:
        was_interrupted.wait(20)
        received.extend(ours.receive() for _ in range(2))

    def handle(*_: Any) -> None:
        was_interrupted.set()
        raise KeyboardInterrupt

    receiver = threading.Thread(target=receive)
    receiver.start()
    before = signal.signal(signal.SIGALRM, handle)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(KeyboardInterrupt):
            theirs.send(1, b"x" * 5_000_000)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    theirs.send(2, b"next")
    receiver.join()
    assert received == [(1, b"x" * 5_000_000, []), (2, b"next", [])]
