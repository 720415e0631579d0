"""Worker processes: `scheduler="processes"`.

`drive → pool → start → worker`, and between them `wire → packing → arena → huge`. `drive` feeds the workers
of one run from the engine; `pool` keeps them warm; `start` makes one; `worker` is the program that runs
there. What goes between them are frames (`wire`) of packed objects (`packing`), whose large buffers stay in
shared memory (`arena`, in huge pages where `huge` gets them). There, a worker's large arrays are `born`.

Workers start clean: nothing is forked, and the user's program is not run again in them.

Large arrays arrive without being copied, and may be written to: pages are copied when they are written to,
so that a task never changes what is its caller's, or another task's. A result that another task takes on
the same worker is the same object there, as it is on threads.
"""

is_worker = False
"""Whether this process is a worker."""
