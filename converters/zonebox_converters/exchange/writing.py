"""Choose the kind of file by its name, and put it there whole or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from zonebox.errors import InputError, OutputExistsError
from zonebox.files import write_bytes
from zonebox.model import Scene
from zonebox_converters.exchange import cad, cityjson, ifcfile, meshes, tables

SCHEMAS: Final = ifcfile.SCHEMAS

FORMATS: Final[dict[str, Callable[[Scene], bytes]]] = {
    ".city.json": cityjson.encode,
    ".ifc": ifcfile.encode,
    ".gpkg": tables.encode_gpkg,
    ".csv": tables.encode_csv,
    ".json": tables.encode_json,
    ".glb": meshes.encode_glb,
    ".obj": meshes.encode_obj,
    ".dxf": cad.encode,
}
"""Ending of a file name -> what makes its bytes; a longer ending goes before a shorter one."""

SIGNATURE: Final = b"zonebox"
"""Every file written here has this word near its start, but for a CSV, which has its columns."""

_LOOK_BYTES: Final = 1 << 20


def write(scene: Scene, path: Path, *, schema: str = SCHEMAS[0], force: bool = False) -> Path:
    """Write the envelopes of a scene into one file, of the kind its name ends in.

    Parameters
    ----------
    scene : Scene
        With its envelopes.
    path : Path
        Ends in one of `FORMATS`.
    schema : str
        Schema of an .ifc, one of `SCHEMAS`.
    force : bool
        Replace a file that zonebox did not write.

    Returns
    -------
    Path
        Where the file is.

    Raises
    ------
    InputError
        An unknown ending or schema; a folder that does not exist or cannot be written in.
    OutputExistsError
        A file that zonebox did not write is there.

    Notes
    -----
    The same scene gives the same bytes.
    """
    ending = check_target(path, schema=schema, force=force)
    data = ifcfile.encode(scene, schema=schema) if ending == ".ifc" else FORMATS[ending](scene)
    try:
        return write_bytes(path, data)
    except OSError as error:
        raise _unwritable(path, error) from None


def check_target(path: Path, *, schema: str = SCHEMAS[0], force: bool = False) -> str:
    """Find out whether a file can be written, before the work is done; returns its ending.

    Raises
    ------
    InputError, OutputExistsError
        As `write`.
    """
    ending = next((end for end in FORMATS if path.name.lower().endswith(end)), None)
    if ending is None:
        raise InputError(path, got=f'the ending "{path.suffix}"', want=f"one of {', '.join(sorted(FORMATS))}",
                         then="name the file for the format you need")
    if schema not in SCHEMAS:
        raise InputError(path, got=f'the schema "{schema}"', want=" or ".join(SCHEMAS))
    if path.is_dir() or not path.resolve().parent.is_dir():
        got = "a folder of that name" if path.is_dir() else "a folder that does not exist"
        raise InputError(path, got=got, want="a file in an existing folder", then="choose another -o")
    if path.exists() and not force and not _is_ours(path):
        raise OutputExistsError(f"{path}: got a file that zonebox did not write, want a free name; choose another -o, "
                                "or overwrite with --force")
    try:
        with tempfile.TemporaryFile(dir=path.resolve().parent):
            pass                                                # what rights alone do not tell: a full or locked disk
    except OSError as error:
        raise _unwritable(path, error) from None
    return ending


def _unwritable(path: Path, error: OSError) -> InputError:
    said = (error.strerror or type(error).__name__).lower()
    return InputError(path, got=f"a folder in which no file can be made ({said})", want="a folder to write in",
                      then="choose another -o")


def _is_ours(path: Path) -> bool:
    with path.open("rb") as stream:
        head = stream.read(_LOOK_BYTES)
    return SIGNATURE in head or head.startswith(tables.CSV_HEAD) or not head
