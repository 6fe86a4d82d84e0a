"""Jobs done by other processes of this machine, in order and whatever becomes of those processes.

Each worker is a fresh interpreter that reads pickled jobs from its input and writes pickled results to its output; it
is neither forked nor does it import the program that started it. A job whose worker died is done here instead.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, Self

from zonebox.pipes import receive, send
from zonebox_converters.tiles.jobs import Done, Task, perform

_MODULE: Final = "zonebox_converters.tiles.worker"

AHEAD: Final = 32
"""Jobs that may be waiting for each worker: some 40 MB, and nearly a second's work."""

Told = Callable[[Task], None]


def perform_all(jobs: Iterator[Task], *, workers: int, told: Told, scheduler: str | None = None) -> list[Done | None]:
    """Do every job and return the results in the order of the jobs; ``told`` hears of each when it is done.

    Parameters
    ----------
    workers : int
        Processes, this one among them: it cuts the parts for all, which is nearly half of the work, and does some
        itself when enough are waiting. As many again besides would share the same cores and start for nothing.
    scheduler : str, optional
        Address of a Dask cluster that does them all, and ``workers`` none.
    """
    if scheduler is not None:
        from zonebox_converters.tiles.cluster import perform_on

        return perform_on(scheduler, jobs, told)
    if workers < 2:
        done = []
        for job in jobs:
            done.append(perform(job))
            told(job)
        return done
    pool = _Pool(jobs, told, ahead=AHEAD * (workers - 1))
    threads = [threading.Thread(target=pool.serve, daemon=True) for _ in range(workers - 1)]
    for thread in threads:
        thread.start()
    pool.lead()
    for thread in threads:
        thread.join()
    if pool.failures:
        raise pool.failures[0]
    return [pool.results[number] for number in range(len(pool.results))]


class _Pool:
    """Hands out jobs to as many threads as there are workers.

    Jobs are cut by one thread only, up to ``ahead`` of them before they are wanted: so the workers have something to
    do while the next layer is laid out.
    """

    def __init__(self, jobs: Iterator[Task], told: Told, *, ahead: int) -> None:
        self._jobs = enumerate(jobs)
        self._told = told
        self._ahead = ahead
        self._waiting: deque[tuple[int, Task]] = deque()
        self._change = threading.Condition()
        self._all_cut = False
        self.results: dict[int, Done | None] = {}
        self.failures: list[BaseException] = []

    def lead(self) -> None:
        """Cut jobs while fewer than enough are waiting, and do one of them whenever there are enough, or no more."""
        try:
            while not self.failures:
                if not self._all_cut and len(self._waiting) < self._ahead:
                    self._cut(next(self._jobs, None))
                    continue
                with self._change:
                    mine = self._waiting.popleft() if self._waiting else None
                if mine is not None:
                    self._keep(*mine, perform(mine[1]))
                elif self._all_cut:
                    return
        except BaseException as error:  # noqa: BLE001 - raised again when the others have stopped
            self._fail(error)

    def serve(self) -> None:
        """Keep one worker busy: the next job is ready and waiting while it works on the one before."""
        try:
            with _Worker() as worker:
                before: tuple[int, Task] | None = None
                while (ahead := self._next()) is not None:
                    worker.send(ahead[1])
                    self._receive(worker, before)
                    before = ahead
                self._receive(worker, before)
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            self._fail(error)

    def _cut(self, given: tuple[int, Task] | None) -> None:
        with self._change:
            if given is None:
                self._all_cut = True
                self._change.notify_all()
            else:
                self._waiting.append(given)
                self._change.notify()

    def _next(self) -> tuple[int, Task] | None:
        """Wait for a job; None when there are no more."""
        with self._change:
            self._change.wait_for(lambda: self._waiting or self._all_cut or self.failures)
            return self._waiting.popleft() if self._waiting and not self.failures else None

    def _fail(self, error: BaseException) -> None:
        with self._change:
            self.failures.append(error)
            self._change.notify_all()

    def _receive(self, worker: _Worker, given: tuple[int, Task] | None) -> None:
        if given is None:
            return
        number, job = given
        self._keep(number, job, worker.receive(job))

    def _keep(self, number: int, job: Task, result: Done | None) -> None:
        with self._change:
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

    def send(self, job: Task) -> None:
        try:
            send(self._process.stdin, job)
        except OSError:
            return

    def receive(self, job: Task) -> Done | None:
        try:
            failed, result = receive(self._process.stdout)
        except (OSError, EOFError):
            return perform(job)
        if failed is not None:
            raise failed
        done: Done | None = result
        return done
