"""Time and memory of each step of a run, and its progress for whoever watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

Progress = Callable[[int, int], None]


class Listener(Protocol):
    """Someone who is told when a step starts, how far it is, and when it ends."""

    def started(self, name: str) -> None:
        """Hear that a step begins."""

    def advanced(self, name: str, done: int, total: int) -> None:
        """Hear how much of a step is done, in the step's own units."""

    def ended(self, name: str, seconds: float) -> None:
        """Hear that a step is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lap:
    """A finished step: wall time, and the peak memory of the whole program so far (MB; 0 where unknown)."""

    name: str
    seconds: float
    peak_mb: float


@dataclass(slots=True)
class Stopwatch:
    """Collects laps.

    Examples
    --------
    >>> watch = Stopwatch()
    >>> with watch.step("ground") as progress:
    ...     progress(1, 2)
    >>> [lap.name for lap in watch.laps]
    ['ground']
    """

    listener: Listener | None = None
    laps: list[Lap] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[Progress]:
        """Time a step; the value is the callback through which it tells how far it is."""

        def progress(done: int, total: int) -> None:
            if self.listener is not None:
                self.listener.advanced(name, done, total)

        if self.listener is not None:
            self.listener.started(name)
        start = time.perf_counter()
        try:
            yield progress
        finally:
            seconds = time.perf_counter() - start
            self.laps.append(Lap(name=name, seconds=seconds, peak_mb=peak_memory_mb()))
            if self.listener is not None:
                self.listener.ended(name, seconds)


def peak_memory_mb() -> float:
    """Largest resident size so far of this process plus its largest finished child, MB; 0 where unknown."""
    if sys.platform == "win32":
        return 0.0
    import resource

    scale = 1024.0 * 1024.0 if sys.platform == "darwin" else 1024.0
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return float(own + children) / scale
