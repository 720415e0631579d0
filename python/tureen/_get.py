"""``get``: a scheduler function for dask: what runs on ``dask.threaded.get`` (2026.8) runs on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from contextlib import ExitStack
from typing import Any

from tureen._tureen import compute, promises_of


def get(
    dsk: Any,
    keys: Any,
    cache: MutableMapping[Any, Any] | None = None,
    num_workers: int | None = None,
    pool: Any = None,
    callbacks: Any = None,
    rerun_exceptions_locally: bool | None = None,
    raise_exception: Callable[[BaseException, Any], Any] | None = None,
    **kwargs: Any,
) -> Any:
    """Compute keys of a dask graph on tureen's engine and threads.

    Hand it to dask: ``dask.config.set(scheduler=tureen.get)``, or ``x.compute(scheduler=tureen.get)``. After
    ``import tureen.dask``, ``scheduler="tureen"`` says the same.

    Args:
        dsk: A dask graph: a mapping, or an expression that makes one.
        keys: One key, or a list of keys and lists.
        cache: Where results are kept while they are needed. By default as dask is configured.
        num_workers: How many tasks may run at a time. By default as dask is configured, else the number of
            processors.
        pool: An executor or a ``multiprocessing`` pool, to be used in place of our threads.
        callbacks: Callbacks as dask has them. By default those that are active in dask and in
            ``tureen.diagnostics``.
        rerun_exceptions_locally: Whether a task that failed is done again in the calling thread.
        raise_exception: Called with the exception of a task and its traceback, to raise it.
        kwargs: Others are taken and ignored, as dask does.

    Returns:
        The value of the key; for a list, a tuple of values, nested alike.

    Raises:
        KeyError: there is no such key.
        ValueError: a task needs a key that is not there.
        RuntimeError: there is a cycle.
        Exception: what a task raises.

    >>> get({"x": 1, "y": (sum, ["x", 2])}, ["y", ["x"]])
    (3, (1,))
    """
    from importlib import import_module

    # By name: dask is optional, and its types are not ours to check.
    config: Any = import_module("dask.config")
    pool = pool if pool is not None else config.get("pool", None)
    cache = cache if cache is not None else config.get("cache", None)
    if rerun_exceptions_locally is None:
        rerun_exceptions_locally = config.get("rerun_exceptions_locally", False)
    graph = dsk if isinstance(dsk, Mapping) else dsk.__dask_graph__()
    flat: list[Any] = []
    _flatten(keys, flat)
    with ExitStack() as stack:
        hooks = _active_hooks(callbacks, stack)
        if hooks:
            graph = import_module("dask._task_spec").convert_legacy_graph(graph)
        elif type(graph) is not dict:
            graph = dict(graph)
        values = _values(
            graph,
            flat,
            hooks,
            settings={
                "num_workers": num_workers or config.get("num_workers", None),
                "pool": pool,
                "cache": cache,
                "rerun_exceptions_locally": rerun_exceptions_locally,
                "raise_exception": raise_exception,
            },
        )
    return _nest(keys, iter(values))


def _values(graph: dict[Any, Any], keys: list[Any], hooks: list[Any], settings: dict[str, Any]) -> Any:
    """The values of these keys, with hooks called before and after."""
    from tureen._settings import handing

    begun = []
    succeeded = False
    relay = None
    try:
        for hook in hooks:
            if hook[0]:
                hook[0](graph)
            begun.append(hook)
        promises = promises_of(graph, keys, settings["cache"])
        relay, n_workers = handing(settings, hooks, graph)
        chosen: Any = "threads" if relay is None else relay
        values = compute(*promises, traverse=False, scheduler=chosen, num_workers=n_workers)
        succeeded = True
        return values
    finally:
        state = relay.state if relay is not None else {}
        for _, _, _, _, finish in begun:
            if finish:
                finish(graph, state, not succeeded)


def _active_hooks(callbacks: Any, stack: ExitStack) -> list[Any]:
    """The callbacks of this call, as tuples. Those that are active are not for runs inside this one."""
    import sys
    from importlib import import_module

    module: Any = import_module("dask.callbacks")
    hooks = list(stack.enter_context(module.local_callbacks(callbacks)))
    ours = sys.modules.get("tureen.diagnostics._callbacks")
    if callbacks is None and ours is not None:
        hooks += ours.active_callbacks()
        stack.enter_context(ours.not_for_inner_runs())
    return [getattr(hook, "_callback", None) or module.normalize_callback(hook) for hook in hooks]


def _flatten(keys: Any, flat: list[Any]) -> None:
    """Keys in lists of lists, in order."""
    stack = [iter((keys,))]
    while stack:
        for key in stack[-1]:
            if isinstance(key, list):
                stack.append(iter(key))
                break
            flat.append(key)
        else:
            stack.pop()


def _nest(keys: Any, values: Any) -> Any:
    """The values in the order of :func:`_flatten`, in tuples where keys are in lists."""
    if not isinstance(keys, list):
        return next(values)
    if not any(isinstance(key, list) for key in keys):
        return tuple([next(values) for _ in keys])
    return tuple([_nest(key, values) for key in keys])
