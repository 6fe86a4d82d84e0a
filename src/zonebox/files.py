"""Writing without damage: a file is complete under its name or was never touched."""

from __future__ import annotations

import io
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The date of everything inside an archive: the first that the zip format can write."""


def write_bytes(path: Path, data: bytes) -> Path:
    """Write a file in one step: beside its name first, then renamed over it; unchanged content is left alone."""
    if path.is_file() and path.read_bytes() == data:
        return path
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def write_json(path: Path, content: Mapping[str, object]) -> Path:
    """Write JSON that people can read and diff: two spaces, UTF-8, a line end."""
    return write_bytes(path, (json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode())


def zipped(entries: Mapping[str, bytes]) -> bytes:
    """Pack files into a zip whose bytes depend on nothing but names and contents: sorted, one fixed date.

    >>> zipped({"b": b"2", "a": b"1"}) == zipped({"a": b"1", "b": b"2"})
    True
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(entries):
            info = zipfile.ZipInfo(name, date_time=EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, entries[name])
    return buffer.getvalue()


def stamp() -> datetime:
    """Date to write where a format demands one: SOURCE_DATE_EPOCH, else the first day that a zip can hold.

    Outputs carry no time of their own, so that the same inputs give the same bytes
    (https://reproducible-builds.org/docs/source-date-epoch).
    """
    stated = os.environ.get("SOURCE_DATE_EPOCH", "")
    if stated.isdigit():
        return datetime.fromtimestamp(int(stated), tz=UTC)
    return datetime(*EPOCH, tzinfo=UTC)
