"""Chunks of a city shared with other processes of this machine; what they do not finish is done here.

A helper is a fresh interpreter that reads pickled chunks from its input and writes pickled results to its output; it is
neither forked nor does it import the program that started it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from zonebox.errors import ZoneboxError
from zonebox.pipes import receive, send

_MODULE: Final = "zonebox_converters.envelopes.worker"

Chunk = TypeVar("Chunk")
Work = TypeVar("Work")
Result = TypeVar("Result")


def shared(
    chunks: Sequence[Chunk], prepared: Callable[[Chunk], Work], work: Callable[[Work], Result], *, workers: int,
    told: Callable[[int], None],
) -> list[Result]:
    """Work on chunks, this process and ``workers − 1`` helpers side by side; results in the order of the chunks.

    ``prepared`` makes of a chunk what is worked on, here, so that helpers are sent no more than they need; ``work`` is
    what `worker` does too; ``told`` hears the number of a chunk when it is done.
    """
    results: dict[int, Result] = {}
    waiting = list(range(len(chunks)))[::-1]
    lock = threading.Lock()

    def following() -> int | None:
        with lock:
            return waiting.pop() if waiting else None

    def done(number: int, result: Result) -> None:
        with lock:
            results[number] = result
            told(number)

    helpers = [threading.Thread(target=_serve, args=(chunks, prepared, following, done, waiting.append), daemon=True)
               for _ in range(min(workers, len(chunks)) - 1)]
    for helper in helpers:
        helper.start()
    while (number := following()) is not None:
        done(number, work(prepared(chunks[number])))
    for helper in helpers:
        helper.join()
    while (number := following()) is not None:          # given back by a helper that died
        done(number, work(prepared(chunks[number])))
    return [results[number] for number in range(len(chunks))]


def _serve(
    chunks: Sequence[Any], prepared: Callable[[Any], Any], following: Callable[[], int | None],
    done: Callable[[int, Any], None], give_back: Callable[[int], None],
) -> None:
    """Keep one helper busy until there are no chunks; give back those it died on.

    The next chunk is made ready while the helper works on the one before, so that it never waits for more than a pipe.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
    taken: list[int] = []                               # at most two: the helper's, and the one made ready

    def ready() -> Any:
        number = following()
        if number is None:
            return None
        taken.append(number)
        return prepared(chunks[number])

    try:
        with subprocess.Popen([sys.executable, "-m", _MODULE], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              env=environment) as process:
            chunk = ready()
            receive(process.stdout)                     # it is ready
            while chunk is not None:
                send(process.stdin, chunk)
                chunk = ready()
                result = receive(process.stdout)
                done(taken.pop(0), result)
            assert process.stdin is not None
            process.stdin.close()
    except (OSError, EOFError, ZoneboxError):           # a mistake in a plan is told by who does the chunk next
        for number in taken:
            give_back(number)
