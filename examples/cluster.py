"""Promises and bags on Slurm: python cluster.py [--local]

Needs `pip install dask-jobqueue`, and tureen on the nodes, which a shared file system gives. `SLURMCluster`
asks Slurm for jobs that are workers of dask's; its client is all that tureen needs. With `--local`, workers
are processes of this machine, and nothing else changes.
"""

from __future__ import annotations

import argparse
import random
from typing import Any

from distributed import Client, LocalCluster

import tureen
import tureen.bag as db
from tureen import delayed


def hits(n: int, seed: int) -> int:
    """Count how many of so many random points lie in a quarter of a circle."""
    chance = random.Random(seed)
    return sum(chance.random() ** 2 + chance.random() ** 2 < 1 for _ in range(n))


def cluster_of(local: bool, partition: str) -> Any:
    if local:
        return LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0")
    from dask_jobqueue.slurm import SLURMCluster

    cluster = SLURMCluster(
        queue=partition,
        cores=1,  # of each job: threads of its worker
        memory="1GB",
        walltime="00:10:00",
        job_extra_directives=["--output=/dev/null"],
        scheduler_options={"dashboard_address": ":0"},
    )
    cluster.scale(jobs=2)  # or cluster.adapt(maximum_jobs=20): as many as there is work for
    return cluster


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--local", action="store_true", help="workers on this machine")
    arguments.add_argument("--partition", default="main", help="of Slurm (default: main)")
    chosen = arguments.parse_args()

    with cluster_of(chosen.local, chosen.partition) as cluster, Client(cluster) as client:
        client.wait_for_workers(2, timeout=300)

        # A client that was made is where everything is computed from now on, as under dask.
        n_points, n_calls = 2_000, 2_000
        counts = [delayed(hits)(n_points, seed) for seed in range(n_calls)]
        total = delayed(sum)(counts)
        pi = 4 * total / (n_points * n_calls)
        print(f"pi is about {pi.compute():.3f}")
        print(tureen.explain(pi))

        # What is persisted stays on the cluster.
        numbers = db.range(100_000, npartitions=20).map(lambda n: n * n).persist()
        print("even squares:", numbers.filter(lambda n: n % 2 == 0).count().compute())
        print("their last digits:", sorted(numbers.map(lambda n: n % 10).distinct().compute()))


if __name__ == "__main__":
    main()
