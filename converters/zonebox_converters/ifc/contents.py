"""Take everything out of a file: a child parses it once and shapes it, and whatever happens to the child is said."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import Any, Final

from zonebox.errors import InputError
from zonebox_converters.ifc import dealing, kernel, packing, parsing
from zonebox_converters.ifc.facts import Facts
from zonebox_converters.ifc.header import Opened
from zonebox_converters.ifc.isolation import Child, Message
from zonebox_converters.ifc.kernel import Collected, Progress, Shapes
from zonebox_converters.ifc.stated import Stated

PARSE_LIMIT_S: Final = 120.0
PARSE_LIMIT_S_PER_MB: Final = 2.0
"""A parser that has been silent for this long will not end."""

Placeable = Callable[[Stated], None]


def take(file: Opened, placeable: Placeable, *, workers: int = 2, progress: Progress | None = None,
         limit_s: float | None = None) -> tuple[Facts, Shapes]:
    """Read the facts and the shapes of a file.

    Parameters
    ----------
    file : Opened
        What to read.
    placeable : callable
        Called with what the file says about its place, before any geometry is waited for; may raise.
    workers : int
        Processes to spread the work over.
    progress : callable, optional
        Called with (products done, products in all).
    limit_s : float, optional
        How long the parser may be silent; follows from the size of the file.

    Raises
    ------
    InputError
        The parser crashes, does not end, or refuses the file; some of it is missing; there is nothing to build from.
    """
    taking = _Taking(file, placeable, progress)
    taking.run(workers=workers, shapes=True, limit_s=limit_s)
    kernel.finish(file.path, taking.products, taking.collected)
    facts = taking.stated()
    if taking.lacks_properties(len(facts.parts)):   # a helper died over its share of them
        facts = state(file, limit_s=limit_s)
    return facts, taking.collected.shapes()


def state(file: Opened, *, limit_s: float | None = None) -> Facts:
    """Read what a file says without making any geometry, in a child all the same.

    Raises
    ------
    InputError
        As from `take`.
    """
    taking = _Taking(file, None, None)
    taking.run(workers=1, shapes=False, limit_s=limit_s)
    return taking.stated()


class _Taking:
    """What a child has answered so far."""

    def __init__(self, file: Opened, placeable: Placeable | None, progress: Progress | None) -> None:
        self.file, self.placeable = file, placeable
        self.collected = Collected(total=0, progress=progress)
        self.products: list[int] = []
        self.notes: list[str] = []
        self.facts: dict[str, Any] | None = None
        self.properties: list[packing.Rows] = []
        self.plain: list[packing.Rows] = []
        self.apart, self.parts, self.plain_things = False, 0, 0

    def lacks_properties(self, parts: int) -> bool:
        """Whether property sets that were to come apart from the facts did not all come."""
        plain = sum(map(packing.count_parts, self.plain))
        return (self.apart and self.parts < parts) or plain < self.plain_things

    def run(self, *, workers: int, shapes: bool, limit_s: float | None) -> None:
        """Start the child and listen to it; nothing of it is left afterwards."""
        path = self.file.path
        if limit_s is None:
            limit_s = PARSE_LIMIT_S + PARSE_LIMIT_S_PER_MB * path.stat().st_size / 1e6
        job = {"task": "read", "path": str(path), "name": self.file.name, "shapes": shapes,
               "memory_mb": kernel.memory_mb(path), "large": dealing.LARGE}
        inbox: queue.SimpleQueue[tuple[Child, Message | None]] = queue.SimpleQueue()
        large = shapes and path.stat().st_size >= dealing.LARGE         # a helper more reads its plain property sets
        child = Child(job, inbox, helpers=max(1, workers) - 1 + large)
        try:
            self.listen(child, inbox, limit_s)
        finally:
            child.close()

    def stated(self) -> Facts:
        """Put the facts together."""
        assert self.facts is not None
        notes = (*self.file.notes, *self.notes, *self.facts["notes"])
        return packing.unpack({**self.facts, "notes": notes}, [*self.properties, *self.plain])

    def listen(self, child: Child, inbox: queue.SimpleQueue[tuple[Child, Message | None]], limit_s: float) -> None:
        """Take answers until the child has ended or fallen silent.

        A child that dies or hangs over a shape is no error: that product is found out later.
        """
        deadline = time.monotonic() + limit_s
        while True:
            silent = kernel.BATCH_LIMIT_S if self.facts is not None else deadline - time.monotonic()
            try:
                _, message = inbox.get(timeout=max(0.01, silent))
            except queue.Empty:
                if self.facts is None:
                    raise self._failed(f"a file that the parser is not done with after {limit_s:.0f} s") from None
                return
            if message is None:
                break
            if message.fields["kind"] == "end":
                child.finished = True
            else:
                self._take(message)
        if self.facts is None:
            raise self._failed("a file on which the parser crashes")

    def _take(self, message: Message) -> None:
        fields = message.fields
        kind = fields["kind"]
        if kind == "refused":
            raise InputError(fields["where"], got=fields["got"], want=fields["want"], then=fields["then"])
        if kind == "parsed":
            stand = fields["declared"]                          # where the child has counted them
            parsing.check_whole(fields["entities"], parsing.declared(self.file.path) if stand is None else stand,
                                self.file.name)
            self.notes += fields["notes"]
        elif kind == "stated" and self.placeable is not None:
            self.placeable(packing.unpack_stated(fields["stated"]))
        elif kind == "products":
            self.products = message.arrays["products"][:, 0].tolist()
            self.collected.total = len(self.products)
        elif kind == "facts":
            self.facts, self.apart, self.plain_things = dict(fields["facts"]), fields["apart"], fields["plain"]
        elif kind == "properties":
            self.properties.append(fields["rows"])
            self.parts += fields["parts"]
        elif kind == "plain":
            self.plain.append(fields["rows"])
        else:
            self.collected.take(message)

    def _failed(self, got: str) -> InputError:
        return InputError(self.file.name, got=got, want="an IFC file that can be read",
                          then="open it in the program it came from and export it again")
