"""Parts of a simulation on many processes or machines, by Dask: the same bits as on one machine.

A task is one part of the customers; a worker draws it, simulates it and sends back its sums, some kilobytes. When a
worker is lost, the parts it was busy with are computed again elsewhere. Needs the extra ``scale``
(``pip install 'contactpolicy[scale]'``), on the workers too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING

from sim.errors import InputError

if TYPE_CHECKING:
    from distributed import Client

    from sim.stream import Engine, Job, Sums

CONNECT_SECONDS = 10
"""How long to wait for a scheduler to answer."""


def asked_engine(workers: int | None, scheduler: str | None) -> AbstractContextManager[Engine | None]:
    """The engine that options ask for; None = the threads of this machine."""
    if workers is not None and scheduler is not None:
        allowed = "--workers for processes here, or --scheduler for a running cluster"
        raise InputError.of("--workers", "cannot be given with --scheduler", workers, allowed)
    return nullcontext() if workers is None and scheduler is None else on_cluster(workers=workers, scheduler=scheduler)


@contextmanager
def on_cluster(*, workers: int | None = None, scheduler: str | None = None) -> Iterator[Engine]:
    """The engine of a running cluster, given by the address of its ``scheduler``, or of ``workers`` processes here,
    which end with it."""
    _require_dask()
    from distributed import Client, LocalCluster

    if scheduler is None:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // max(1, workers or 1)
        with (
            LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None, memory_limit=memory,
                silence_logs="CRITICAL",
            ) as cluster,
            Client(cluster) as client,
        ):  # fmt: skip
            yield engine_of(client)
        return
    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        allowed = "the address of a running Dask scheduler, like tcp://host:8786"
        raise InputError.of("--scheduler", "cannot be reached", scheduler, f"{allowed} ({error})") from None
    with client:
        _same_kernels(client)
        yield engine_of(client)


def engine_of(client: Client) -> Engine:
    """The engine of the workers that a Dask client knows."""
    from distributed import as_completed

    def engine(job: Job) -> Iterator[list[Sums]]:
        everywhere = client.scatter(job, broadcast=True, hash=False)
        tasks = client.map(_run_part, range(job.source.count), job=everywhere, pure=False, key="contactpolicy-part")
        for task, sums in as_completed(tasks, with_results=True):
            yield sums
            task.release()  # its sums are here: nobody has to compute them again

    return engine


def _run_part(number: int, job: Job) -> list[Sums]:
    return job.run(number)


def _same_kernels(client: Client) -> None:
    """Refuse workers with another version of the model: their sums would not belong to the same simulation."""
    from sim.jit import source_digest

    ours, theirs = source_digest(), client.run(source_digest)
    other = sorted(address for address, digest in theirs.items() if digest != ours)
    if not theirs:
        raise InputError.of("--scheduler", "the cluster has no workers", None, "at least one worker")
    if other:
        what = "workers with another version of contactpolicy or Numba"
        raise InputError.of("--scheduler", what, ", ".join(other), "the version of this machine on all workers")


def _require_dask() -> None:
    if find_spec("distributed") is None:
        allowed = "pip install 'contactpolicy[scale]'"
        raise InputError.of("--workers", "needs the package distributed (Dask)", None, allowed)
