"""What is said before a run on a cluster: where it would run, and in how many pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tureen._distributed.cluster import Cluster
    from tureen._tureen import Steps


def where_and_notes(cluster: Cluster | Any, steps: Steps) -> tuple[str, tuple[str, ...]]:
    """Say where a run would run now, and how it would be cut. Computes nothing."""
    plan = cluster.plan(steps)
    where = f"the cluster at {cluster.client.scheduler.address}"
    if not plan.n_pieces:
        return where, ("nothing is to be sent",)
    calls = _counted(plan.n_calls / plan.n_pieces, "call")
    cut = f"in {_counted(plan.n_pieces, 'piece')} of {calls} on average"
    if plan.seconds is None:
        cut += "; how long calls take is not known yet, so some would be tried first"
    else:
        cut += f", about {plan.seconds * 1000:.3g} ms each by what was seen in this session"
    there = f"{_counted(plan.n_workers, 'worker')} with {_counted(plan.n_threads, 'thread')}"
    return where, (cut, there if plan.n_workers else "there are no workers yet")


def _counted(n: float, what: str) -> str:
    """
    >>> _counted(1, "piece"), _counted(2.5, "call")
    ('1 piece', '2.5 calls')
    """
    return f"{n:.4g} {what}{'' if n == 1 else 's'}"
