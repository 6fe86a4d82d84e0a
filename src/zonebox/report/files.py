"""Writing without damage: a file is complete under its name or was never touched."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


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
