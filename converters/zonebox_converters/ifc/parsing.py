"""Parse a STEP file and make sure that all of it was read. Runs in a child process: a parser can crash or hang."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from zonebox.errors import InputError

MISSING: Final = re.compile(r"Instance reference #(\d+) used by instance #(\d+)\b.*not found")
UNKNOWN: Final = re.compile(r"Entity with name '(.*?)' not found in schema")
KIND: Final = re.compile(r"IFC[A-Z0-9_]+")
COMPLAINT: Final = re.compile(r"^\[(?:error|warning)\]\s*(?:\[\w+\]\s*)?(?:\[[\d :T.-]+\]\s*)?(.*)$", re.MULTILINE)
DECLARED: Final = re.compile(rb"[\r\n][ \t]*#\d+[ \t]*=")

_BLOCK: Final = 1 << 23


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """An opened model, how many of its statements were understood, and remarks on the others."""

    model: Any
    entities: int
    notes: tuple[str, ...]


def parse(path: Path, name: str) -> Parsed:
    """Parse a file.

    Raises
    ------
    InputError
        The library cannot parse it; entities are referred to and missing; characters that belong to no statement.
    """
    import ifcopenshell

    ifcopenshell.get_log()
    try:
        # never lazily: forked processes would read on from one place in the file, and nothing would be missed
        model = ifcopenshell.open(str(path))
    except (ifcopenshell.Error, OSError, RuntimeError, ValueError) as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
        raise InputError(name, got=f"a file the IFC parser refuses ({said})",
                         want="IFC2X3, IFC4 or IFC4X3 in STEP form", then="export it again") from None
    unknown, notes = _judged(ifcopenshell.get_log(), name)
    return Parsed(model=model, entities=len(model.entity_names()) + unknown, notes=tuple(notes))


def _judged(log: str, name: str) -> tuple[int, list[str]]:
    """Count the statements of unknown kinds; remarks on them and on what else the parser objects to."""
    lost = {int(found[1]) for found in MISSING.finditer(log)}
    unknown = Counter(found[1] for found in UNKNOWN.finditer(log))
    stray = [word for word in unknown if not KIND.fullmatch(word)]
    if stray:
        raise InputError(name, got=f'characters that belong to no IFC statement ("{stray[0][:40]}")',
                         want="the file as it was exported", then="it was damaged or edited: export or copy it again")
    if lost:
        first = ", ".join(f"#{number}" for number in sorted(lost)[:3])
        some = f"{len(lost)}: {first}" + (", …" if len(lost) > 3 else "")
        raise InputError(name, got=f"references to entities that are missing ({some})",
                         want="the whole file", then="it was cut off or edited: export or copy it again")
    return unknown.total(), [*_left_out(unknown), *_complaints(log)]


def declared(path: Path) -> int:
    """Count the statements that begin a line: never more than there are."""
    count, rest = 0, b"\n"
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            block = rest + block
            cut = max(block.rfind(b"\n"), block.rfind(b"\r"), 0)
            count += len(DECLARED.findall(block, 0, cut))
            rest = block[cut:] if cut else block[:64]  # one endless line: nothing more can begin a line
    return count + len(DECLARED.findall(rest))


def check_whole(entities: int, stand: int, name: str) -> None:
    """Refuse a file of which the parser understood fewer statements than stand in it.

    Raises
    ------
    InputError
        Statements that were skipped.
    """
    if entities < stand:
        raise InputError(name, got=f"{stand - entities:,} of {stand:,} statements that the parser skips",
                         want="the file as it was exported",
                         then="it was damaged, or numbers are used twice: export or copy it again")


def _left_out(unknown: Counter[str]) -> Iterable[str]:
    if unknown:
        kinds = ", ".join(sorted(unknown)[:5]) + (", …" if len(unknown) > 5 else "")
        yield f"{unknown.total()} values or statements of kinds that the schema lacks are left out: {kinds}"


def _complaints(log: str) -> Iterable[str]:
    others = [said for said in COMPLAINT.findall(log) if not UNKNOWN.search(said) and not MISSING.search(said)]
    if others:
        yield f"the parser objects {len(others)} times, first: {others[0].strip()[:160]}"
