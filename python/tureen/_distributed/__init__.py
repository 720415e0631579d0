"""Promises and bags on a cluster of dask's (``distributed``, 2026.8): ``compute(scheduler=client)``.

`finding → cluster → durations → sending → waiting → failing` in the process that computes; `piece → prints →
results` in workers.
``distributed`` itself is imported only where somebody has a client of it already.
"""
