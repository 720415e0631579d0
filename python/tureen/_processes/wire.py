"""The kinds of frames that go through the sockets between the user's process and its workers.

The sockets themselves are `tureen._tureen.Wire`: frames of a kind, bytes and descriptors.
"""

from __future__ import annotations

# To a worker.
BEGIN, FUNCTION, PUT, WORK, DROP, END = range(1, 7)
# To a worker's second thread, by the second socket.
FETCH, STOP = range(11, 13)
# From a worker: it is idle after REPLY, and after FAILED, a reply in which something went wrong.
OUTPUT, REPLY, FAILED, FETCHED = range(21, 25)
