"""What callbacks are told of a run: dask's five hooks (2026.8), and dask's ``state`` of a graph."""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tureen._tureen import Steps

Hooks = tuple[Any, Any, Any, Any, Any]
"""Called at the start, with the first state, before a task, after it, and at the end; each may be None."""


def not_for_inner_runs(told: Told | None) -> AbstractContextManager[None]:
    """While we call callbacks, runs inside the tasks do not."""
    module: Any = sys.modules.get("tureen.diagnostics._callbacks")
    if told is None or module is None:
        return nullcontext()
    hushed: AbstractContextManager[None] = module.not_for_inner_runs()
    return hushed


class Told:
    """What hooks are told: the graph, and dask's ``state`` of it, kept up to date."""

    __slots__ = ("_begun", "_graph", "_hooks", "_is_whole", "_steps", "_users", "state", "store")

    def __init__(self, steps: Steps, hooks: tuple[Hooks, ...], graph: Any, store: Any) -> None:
        self._steps = steps
        self._hooks = hooks
        self._is_whole = graph is None
        self._begun: list[Hooks] = []
        self.store: MutableMapping[Any, Any] = {} if store is None else store
        tasks = range(len(steps))
        keys = [steps.key(task) for task in tasks]
        self._graph = (
            {key: steps.promise(task) for task, key in zip(tasks, keys, strict=True)}
            if graph is None
            else graph
        )
        needs = [set(steps.needs(task)) for task in tasks]
        self._users: list[list[int]] = [[] for _ in tasks]
        for task in tasks:
            for need in needs[task]:
                self._users[need].append(task)
        named = {keys[task]: {keys[need] for need in needs[task]} for task in tasks}
        users = {keys[task]: {keys[user] for user in self._users[task]} for task in tasks}
        self.state: dict[str, Any] = {
            "dependencies": named,
            "dependents": users,
            "waiting": {key: set(these) for key, these in named.items() if these},
            "waiting_data": {key: set(these) for key, these in users.items()},
            "cache": self.store,
            # As a dict, since not only the last one may be taken.
            "ready": {key: None for key, these in named.items() if not these},
            "running": set(),
            "finished": set(),
            "released": set(),
        }

    def begin(self) -> None:
        """Call the first two hooks."""
        if self._is_whole:
            for hooks in self._hooks:
                if hooks[0]:
                    hooks[0](self._graph)
                self._begun.append(hooks)
        for _, start_state, _, _, _ in self._hooks:
            if start_state:
                start_state(self._graph, self.state)

    def starting(self, task: int) -> None:
        key = self._steps.key(task)
        state = self.state
        state["ready"].pop(key, None)
        state["running"].add(key)
        for _, _, before, _, _ in self._hooks:
            if before:
                before(key, self._graph, state)

    def done(self, task: int, key: Any, result: Any, thread: Any, released: list[int]) -> None:
        state = self.state
        state["running"].discard(key)
        state["finished"].add(key)
        for user in self._users[task]:
            name = self._steps.key(user)
            state["waiting"][name].discard(key)
            if not state["waiting"][name]:
                del state["waiting"][name]
                state["ready"][name] = None
        for need in state["dependencies"][key]:
            state["waiting_data"].get(need, set()).discard(key)
        for index in released:
            name = self._steps.key(index)
            state["released"].add(name)
            state["waiting_data"].pop(name, None)
        for _, _, _, after, _ in self._hooks:
            if after:
                after(key, result, self._graph, state, thread)

    def end(self, succeeded: bool) -> None:
        for _, _, _, _, finish in self._begun:
            if finish:
                finish(self._graph, self.state, not succeeded)


def as_list(callbacks: Any) -> list[Any]:
    """Callbacks one by one: one alone may stand for a list of it.

    >>> as_list((None, None, print, None, None))
    [(None, None, <built-in function print>, None, None)]
    """
    if callbacks is None:
        return []
    is_one = hasattr(callbacks, "_callback") or (
        isinstance(callbacks, tuple) and all(part is None or callable(part) for part in callbacks)
    )
    return [callbacks] if is_one and callbacks else list(callbacks)


def hooks_of(callback: Any) -> Hooks:
    """What a callback wants called.

    Raises:
        TypeError: it is no callback.

    >>> hooks_of((None, None, print, None, None))[2] is print
    True
    """
    parts = getattr(callback, "_callback", callback)
    if not isinstance(parts, tuple) or len(parts) != 5:
        raise TypeError(
            "callbacks must be objects of class `Callback` or tuples of five functions, "
            f"not `{type(callback).__name__}`"
        )
    return parts
