"""``bag.explain()``: which steps are fused, which run without the interpreter, and where the partitions run.

Reads plans; computes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tureen import _settings
from tureen._explain import Explanation, Part
from tureen._tureen import steps_of

from . import computing
from .chain import Chain, Segment
from .lines import Lines
from .plan import plan
from .stretch import stretch_of
from .where import default_scheduler, with_default

if TYPE_CHECKING:
    from .layers import Layer, Ref

_WHERE = {
    "sync": "this thread",
    "processes": "worker processes",
    "auto": "threads, or worker processes",
}


def explain(layer: Layer, wanted: Sequence[Ref], scheduler: Any, keywords: dict[str, Any]) -> Explanation:
    """Say how the wanted partitions of a layer would be made if they were computed now."""
    asked = with_default({**keywords, "scheduler": scheduler}, [layer])
    name, n_workers, who = _settings.choose(asked.pop("scheduler"), None, asked)
    why = "it was asked for"
    if scheduler is None and _settings.default_client() is not None:
        why = "there is a client of a cluster"
    elif scheduler is None and with_default({}, [layer]):
        why = "the user's Python functions are called in worker processes"
        if default_scheduler([layer]) == "threads":
            why = "it calls no Python functions of the user's"
    tasks, _ = plan(wanted)
    where = _WHERE.get(name, name)
    notes: tuple[str, ...] = ()
    if name == "distributed":
        from tureen._distributed.explaining import where_and_notes

        where, notes = where_and_notes(who, steps_of(tuple(computing.promises(wanted))))
    counts: dict[tuple[str, str, tuple[str, ...]], int] = {}
    for work, _needs in tasks:
        if work.leaves is not None:
            its, n = work.leaves.procedure, len(work.leaves.parts)
            leaf = (its.name, "made within the tasks that gather them", tuple(_details(its.chain, None)))
            counts[leaf] = counts.get(leaf, 0) + n
        gathers = ["gathers other partitions"] if work.procedure.gathers else []
        steps = _details(work.procedure.chain, None if gathers else work.head)
        row = (work.procedure.name, why, (*gathers, *steps))
        counts[row] = counts.get(row, 0) + 1
    parts = [Part(label, n, where, reason, None, details) for (label, reason, details), n in counts.items()]
    n_tasks = f"{len(tasks)} task{'' if len(tasks) == 1 else 's'}"
    title = f"if it is computed now: {n_tasks} on `{name}`, {n_workers} at a time"
    return Explanation(title, name, n_workers, tuple(parts), notes)


def _details(chain: Chain, head: Any) -> Iterator[str]:
    native, segments = chain.native, chain.segments
    is_lines = isinstance(head, Lines)
    if native is not None and (not is_lines or stretch_of(head) is not None):
        steps = ", ".join(step.describe() for step in chain.steps[: native.n_steps])
        n_threads = native.n_threads(chain.n_partitions) if is_lines else 1
        on = f", {n_threads} threads on each partition" if n_threads > 1 else ""
        condition = "" if is_lines else ", if the elements are text"
        yield f"without the interpreter{condition}{on}: {steps}"
        segments = chain.rest
    for segment in segments:
        yield f"{_kind(segment)}: {', '.join(step.describe() for step in segment.steps)}"


def _kind(segment: Segment) -> str:
    if segment.loop is None:
        return "on the whole partition"
    return "one Python loop"
