"""Jobs done by other processes of this machine, in order and whatever becomes of those processes.

Each worker is a fresh interpreter that reads pickled jobs from its input and writes pickled results to its output; it
is neither forked nor does it import the program that started it. A job whose worker died is done here instead.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Final, Self

from zonebox.pipes import receive, send
from zonebox_converters.tiles.jobs import Done, Job, perform

_MODULE: Final = "zonebox_converters.tiles.worker"

Told = Callable[[Job], None]


def perform_all(jobs: Iterator[Job], *, workers: int, told: Told) -> list[Done | None]:
    """Do every job and return the results in the order of the jobs; ``told`` hears of each when it is done.

    Parameters
    ----------
    workers : int
        Processes, this one among them: it cuts the parts for all, which is half of the work, and between two of them
        does some itself. As many again besides would share the same cores and start for nothing.
    """
    if workers < 2:
        done = []
        for job in jobs:
            done.append(perform(job))
            told(job)
        return done
    pool = _Pool(jobs, told)
    threads = [threading.Thread(target=pool.serve, daemon=True) for _ in range(workers - 1)]
    for thread in threads:
        thread.start()
    pool.help()
    for thread in threads:
        thread.join()
    if pool.failures:
        raise pool.failures[0]
    return [pool.results[number] for number in range(len(pool.results))]


class _Pool:
    """Hands out jobs to as many threads as there are workers."""

    def __init__(self, jobs: Iterator[Job], told: Told) -> None:
        self._jobs = enumerate(jobs)
        self._lock = threading.Lock()
        self._told = told
        self.results: dict[int, Done | None] = {}
        self.failures: list[BaseException] = []

    def serve(self) -> None:
        """Keep one worker busy: the next job is ready and waiting while it works on the one before."""
        try:
            with _Worker() as worker:
                before: tuple[int, Job] | None = None
                while (ahead := self._next()) is not None:
                    worker.send(ahead[1])
                    self._receive(worker, before)
                    before = ahead
                self._receive(worker, before)
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            self.failures.append(error)

    def help(self) -> None:
        """Do jobs here, one after the other, until there are no more."""
        try:
            while (given := self._next()) is not None:
                self._keep(*given, perform(given[1]))
        except BaseException as error:  # noqa: BLE001 - raised again when the others have stopped
            self.failures.append(error)

    def _next(self) -> tuple[int, Job] | None:
        with self._lock:
            return None if self.failures else next(self._jobs, None)

    def _receive(self, worker: _Worker, given: tuple[int, Job] | None) -> None:
        if given is None:
            return
        number, job = given
        self._keep(number, job, worker.receive(job))

    def _keep(self, number: int, job: Job, result: Done | None) -> None:
        with self._lock:
            self.results[number] = result
            self._told(job)


class _Worker:
    """A process that performs jobs; when it is gone, this one does."""

    def __enter__(self) -> Self:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen([sys.executable, "-m", _MODULE], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, env=environment)
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:     # what was still to be sent to a process that is gone
                continue
        self._process.wait()

    def send(self, job: Job) -> None:
        try:
            send(self._process.stdin, job)
        except OSError:
            return

    def receive(self, job: Job) -> Done | None:
        try:
            failed, result = receive(self._process.stdout)
        except (OSError, EOFError):
            return perform(job)
        if failed is not None:
            raise failed
        done: Done | None = result
        return done
