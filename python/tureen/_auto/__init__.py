"""`scheduler="auto"`: threads first; what the interpreter's lock holds back goes to worker processes.

`run → choice → judge → [reading → known] → plain → moved → aside`

A run starts on threads. When the lock is seen to be the bottleneck (`run`), the functions that wait for it
are looked at (`choice`, `judge`): those that are shown to be self-contained are put aside, for worker
processes to pull (`aside`). In the worker `moved` calls them, and refuses what it can't vouch for.

Whatever can't be done in a worker is done on a thread after all. A call may then be made twice, which is why
only calls are moved that leave no trace: a function that prints, writes a file or calls what we don't know
stays.
"""
