"""Values that stay on the cluster: what stands for one, and promises of them."""

from __future__ import annotations

from typing import Any

from tureen._distributed.results import part_of
from tureen._tureen import Delayed, put_off


class OnCluster:
    """Stands for a value on a cluster: the future of it, or a place in what a future is of.

    As a function, it gives the value: so a promise of it can be computed anywhere.
    """

    __slots__ = ("future", "label", "place")

    __tureen_on_cluster__ = True

    def __init__(self, future: Any, place: int = -1, label: str = "value") -> None:
        self.future = future
        self.place = place
        self.label = label

    @property
    def __name__(self) -> str:
        return self.label

    def __tureen_token__(self) -> tuple[str, int]:
        return str(self.future.key), self.place

    def __reduce__(self) -> tuple[Any, ...]:
        return OnCluster, (self.future, self.place, self.label)

    def __repr__(self) -> str:
        return f"OnCluster({self.future!r})"

    def __call__(self) -> Any:
        from tureen._distributed.failing import result_of

        return part_of(result_of(self.future), self.place)


def promise_of(future: Any) -> Delayed:
    """Promise the value of a ``distributed.Future``."""
    return put_off(OnCluster(future))
