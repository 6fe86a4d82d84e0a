"""Jobs done by a Dask cluster: the same tasks as everywhere, so the same bytes.

A task holds its part and returns the bytes of a file, which are written here: workers need zonebox, and neither the
scene nor this machine's folders. A task whose worker is gone is done again by another, or here; nothing is lost.
"""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from zonebox.errors import InputError
from zonebox_converters.tiles.jobs import Done, Task, keep, make

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_S: Final = 5.0
"""A scheduler that does not answer within this time is not there."""

PATIENCE_S: Final = 60.0
"""So long a cluster may be without any worker in the middle of a run."""

PER_THREAD: Final = 3
"""Tasks under way for each thread of the cluster: it has something to do while answers travel."""

LOOK_S: Final = 2.0
"""After so long without an answer the cluster is looked at."""

_OPTION: Final = "--scheduler"


def check_scheduler(address: str) -> None:
    """Connect to a scheduler once: whoever named it wrongly hears so before the work, not after it.

    Raises
    ------
    InputError
        Dask is not installed; no scheduler answers; it has no workers.
    """
    with _connected(address):
        return


def perform_on(address: str, jobs: Iterator[Task], told: Callable[[Task], None]) -> list[Done | None]:
    """Do every job on the cluster and return the results in the order of the jobs; ``told`` hears of each.

    Raises
    ------
    InputError
        As `check_scheduler`; the cluster goes away, or its workers do not have zonebox.
    """
    with _connected(address) as client:
        limit = PER_THREAD * max(sum(client.ncores().values()), 1)
        over: queue.SimpleQueue[Future] = queue.SimpleQueue()
        running: dict[str, tuple[int, Task]] = {}
        results: dict[int, Done | None] = {}

        def collect(room: int) -> None:
            """Take results until no more than ``room`` tasks are under way."""
            while len(running) > room:
                future = _next(over, client, address)
                number, job = running.pop(future.key)
                results[number] = keep(job, _result(future, job, address))
                told(job)

        for number, job in enumerate(jobs):
            future = client.submit(make, job, pure=False)
            running[future.key] = (number, job)
            future.add_done_callback(over.put)
            collect(limit)
        collect(0)
    return [results[number] for number in range(len(results))]


def _next(over: queue.SimpleQueue[Future], client: Client, address: str) -> Future:
    """Wait for a task that is over, as long as there is hope for one."""
    alone = time.monotonic()
    while True:
        try:
            return over.get(timeout=LOOK_S)
        except queue.Empty:
            if _has_workers(client, address):
                alone = time.monotonic()
            elif time.monotonic() - alone > PATIENCE_S:
                raise InputError(_OPTION, got=f"{address} has lost all its workers", want="a worker",
                                 then=f"start one (dask worker {address}) and run again: files written stay") from None


def _result(future: Future, job: Task, address: str) -> tuple[Done, bytes] | None:
    """Give the result of a task that is over; a job that took its workers down with it is done here."""
    from distributed import CancelledError, KilledWorker

    try:
        failed = future.exception()
        if failed is None:
            made: tuple[Done, bytes] | None = future.result()
            return made
    except CancelledError:              # whenever the connection is lost, also between these lines
        raise _gone(address) from None
    if isinstance(failed, KilledWorker):
        return make(job)
    if isinstance(failed, ImportError):
        raise InputError(_OPTION, got=f"a worker of {address} without zonebox ({failed})",
                         want="workers with this version of zonebox",
                         then="install it where the workers run") from failed
    raise failed


def _has_workers(client: Client, address: str) -> bool:
    try:
        return bool(client.ncores())
    except (OSError, TimeoutError, RuntimeError):
        raise _gone(address) from None


def _gone(address: str) -> InputError:
    return InputError(_OPTION, got=f"the scheduler at {address} went away",
                      want="one that runs until the tiles are done", then="start it and run again: files written stay")


@contextlib.contextmanager
def _connected(address: str) -> Iterator[Client]:
    """Connect to a scheduler that has a worker, and leave it when done."""
    try:
        from distributed import Client
    except ImportError:
        raise InputError(_OPTION, got="an installation without Dask", want="dask.distributed",
                         then='pip install "zonebox[dask]", or leave the option out') from None
    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError):
        raise InputError(_OPTION, got=f'no scheduler at "{address}"', want="the address of a running Dask scheduler",
                         then="start one (dask scheduler) and give the address it prints, such as tcp://host:8786"
                         ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_S)
        except TimeoutError:
            raise InputError(_OPTION, got=f"the scheduler at {address} has no workers", want="at least one",
                             then=f"start one: dask worker {address}") from None
        yield client
