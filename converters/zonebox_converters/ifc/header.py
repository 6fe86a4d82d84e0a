"""Open what offices send: .ifc and .ifczip, schema names the library refuses, and files that end too early."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from zonebox.errors import InputError
from zonebox_converters.ifc import parsing

HEADER_BYTES: Final = 65536
"""A STEP header is looked for in this many bytes at the start of a file."""

HASHED_BYTES: Final = 1 << 24
"""Of so many bytes at a time a file's hash is made."""

TAIL_BYTES: Final = 4096
"""The end mark is looked for in this many bytes at the end of a file."""

MARK: Final = b"\xef\xbb\xbf"
"""Byte order mark that some editors put before UTF-8."""

SCHEMA = re.compile(rb"(FILE_SCHEMA\s*\(\s*\(\s*')([^']*)(')", re.IGNORECASE)

READABLE: Final = ("IFC2X3", "IFC4", "IFC4X3_ADD2")
"""Schema names the library knows."""

_ALIASES: Final = (
    ("IFC4X", "IFC4X3_ADD2"),
    ("IFC4", "IFC4"),
    ("IFC2X", "IFC2X3"),
)
"""First letters of other schema names -> the readable schema nearest to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A readable STEP file: ``path`` may be a temporary copy; ``notes`` say what was done to get there."""

    path: Path
    name: str
    notes: tuple[str, ...]


def check_present(source: Path) -> None:
    """Refuse a file that does not exist."""
    if source.is_dir():
        raise InputError(source.name, got="a folder", want="an .ifc or .ifczip file",
                         then="name the file in it as the source of this design in scene.toml")
    if not source.is_file():
        raise InputError(source.name, got="no such file", want="an .ifc or .ifczip file",
                         then="check the source of this design in scene.toml")


def digest(source: Path) -> str:
    """Hash of the bytes of a file: SHA-256 of its blocks, two at a time, and of what these give."""
    def block(start: int) -> bytes:
        with source.open("rb") as stream:
            stream.seek(start)
            return hashlib.sha256(stream.read(HASHED_BYTES)).digest()

    with ThreadPoolExecutor(2) as crew:
        return hashlib.sha256(b"".join(crew.map(block, range(0, source.stat().st_size, HASHED_BYTES)))).hexdigest()


@contextmanager
def opened(source: Path) -> Iterator[Opened]:
    """Yield a path that the library can open, made in a temporary folder where the file itself is not.

    Raises
    ------
    InputError
        Not a STEP file; cut off; a schema no release of IFC has; a zip without an IFC in it.
    """
    with tempfile.TemporaryDirectory(prefix="zonebox-ifc-", ignore_cleanup_errors=True) as folder:
        notes: list[str] = []
        path = _unzipped(source, Path(folder), notes) if _is_zip(source) else source
        head = _checked_head(path, source.name)
        schema = _schema(head, source.name)
        if schema.upper() not in READABLE:
            path = _renamed(path, head, _nearest(schema, source.name), Path(folder))
            notes.append(f"schema name {schema} is read as {_nearest(schema, source.name)}")
        elif head.startswith(MARK):                             # the parser does not know the byte order mark
            path = _renamed(path, head, schema, Path(folder))
        yield Opened(path=path, name=source.name, notes=tuple(notes))


def load(file: Opened) -> Any:
    """Parse an opened file in this process and make sure that it is whole.

    Raises
    ------
    InputError
        The library cannot parse it; it was cut off, damaged or edited.
    """
    parsed = parsing.parse(file.path, file.name)
    parsing.check_whole(parsed.entities, parsing.declared(file.path), file.name)
    return parsed.model


def _is_zip(source: Path) -> bool:
    """Whether a file begins as a zip does; its table of contents, at the end, may be cut off."""
    with source.open("rb") as stream:
        return stream.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def _unzipped(source: Path, folder: Path, notes: list[str]) -> Path:
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise InputError(source.name, got=f"a zip that is cut off or damaged ({_first_line(error)})",
                         want="the whole file", then="copy it again") from None
    with archive:
        members = sorted(name for name in archive.namelist() if name.lower().endswith(".ifc") and not _hidden(name))
        if not members:
            held = ", ".join(archive.namelist()[:3]) or "nothing"
            raise InputError(source.name, got=f"a zip that holds {held}", want="one .ifc inside",
                             then="zip the STEP file (.ifc), not ifcXML or a folder of drawings")
        if len(members) > 1:
            notes.append(f"{source.name} holds {len(members)} IFC files: {members[0]} is read")
        target = folder / "unzipped.ifc"
        try:
            with archive.open(members[0]) as packed, target.open("wb") as plain:
                shutil.copyfileobj(packed, plain)
        except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:
            raise InputError(f"{source.name}/{members[0]}", got=f"a damaged or locked zip ({_first_line(error)})",
                             want="a zip that can be unpacked", then="copy it again, without a password") from None
    return target


def _hidden(name: str) -> bool:
    """Whether a member of a zip is one that operating systems add: file attributes, not a model."""
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1].startswith(".")


def _checked_head(path: Path, name: str) -> bytes:
    with path.open("rb") as stream:
        head = stream.read(HEADER_BYTES)
        stream.seek(0, 2)
        stream.seek(max(0, stream.tell() - TAIL_BYTES))
        tail = stream.read()
    if not head.removeprefix(MARK).lstrip().startswith(b"ISO-10303-21"):
        got = "an empty file" if not head else "ifcXML" if b"ifcXML" in head else "no ISO-10303-21 at the start"
        raise InputError(name, got=got, want="an IFC file in STEP form (.ifc)",
                         then="export it as IFC2X3, IFC4 or IFC4X3")
    if b"END-ISO-10303-21" not in tail:
        raise InputError(name, got="no END-ISO-10303-21 at the end", want="the whole file",
                         then="it was cut off: export or copy it again")
    return head


def _schema(head: bytes, name: str) -> str:
    found = SCHEMA.search(head)
    if not found:
        raise InputError(f"{name}#HEADER", got="no FILE_SCHEMA", want="the schema the file is written in",
                         then="export it as IFC2X3, IFC4 or IFC4X3")
    return found[2].decode("latin-1").strip()


def _nearest(schema: str, name: str) -> str:
    for prefix, readable in _ALIASES:
        if schema.upper().startswith(prefix):
            return readable
    raise InputError(f"{name}#FILE_SCHEMA", got=f'"{schema[:40]}"', want="IFC2X3, IFC4 or IFC4X3",
                     then="this STEP file is no IFC of a building: export the model as IFC")


def _renamed(path: Path, head: bytes, schema: str, folder: Path) -> Path:
    """Copy the file with another schema name in its header, and without a byte order mark."""
    target = folder / "renamed.ifc"
    with path.open("rb") as old, target.open("wb") as new:
        new.write(SCHEMA.sub(rb"\g<1>" + schema.encode() + rb"\g<3>", head.removeprefix(MARK), count=1))
        old.seek(len(head))
        shutil.copyfileobj(old, new)
    return target


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
