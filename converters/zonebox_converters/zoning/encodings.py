"""In which encoding text was written, told by its bytes: what a file says of itself is often missing or wrong."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

_TRIED: Final = ("UTF-8", "GB18030")
"""UTF-8 first: text in another encoding is hardly ever valid in it. GB18030 reads GBK and GB2312 too."""


def guess(data: bytes) -> str | None:
    """Name the encoding of text, None where none of the tried ones fits.

    >>> guess("容积率".encode("gbk")), guess("容积率".encode()), guess("容积率".encode("utf-16"))
    ('GB18030', 'UTF-8', 'UTF-16')
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16"
    if data.startswith(b"\xef\xbb\xbf"):
        return "UTF-8-SIG"
    for encoding in _TRIED:
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return None


def of_shapefile(path: Path) -> tuple[str | None, list[str]]:
    """Tell the encoding of a shapefile's table (None: as its driver thinks), and what its .cpg says wrongly."""
    table = _beside(path, ".dbf")
    if path.suffix.lower() != ".shp" or table is None:
        return None, []
    codepage = _beside(path, ".cpg")
    said = codepage.read_text(encoding="ascii", errors="replace").strip() if codepage else ""
    if said and said.upper() not in {"UTF-8", "UTF8", "65001"}:
        return None, []
    encoding = guess(_table_text(table.read_bytes()))
    if encoding not in _TRIED:
        return None, []
    wrong = [f"{path.name}: its .cpg says {said}, its text is {encoding}"] if said and encoding != "UTF-8" else []
    return encoding, wrong


def _beside(path: Path, ending: str) -> Path | None:
    names = (path.with_suffix(end) for end in (ending, ending.upper()))
    return next((name for name in names if name.exists()), None)


def _table_text(data: bytes) -> bytes:
    """Field names and character cells of a dBASE table, without the binary numbers of its header."""
    if len(data) < 65:
        return b""
    header, record = struct.unpack_from("<HH", data, 8)
    names = [data[at:at + 11].split(b"\0")[0] for at in range(32, max(header - 1, 32), 32)]
    body = data[header:]
    rows = [body[at:at + record] for at in range(0, len(body), record)] if record else []
    return b"\n".join([*names, *rows]).replace(b"\x1a", b"")
