"""Whether a tileset keeps its own promises: structure, volumes, errors, contents, tables.

Works on any explicit tileset, not only on zonebox's. Implicit tiling, styles and compressed vertices are not looked
into; a volume given by an extension is passed over.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import numpy as np
from numpy.typing import NDArray

from zonebox_converters.tiles.glb import Json
from zonebox_converters.tiles.glbcheck import check_glb, read_glb
from zonebox_converters.tiles.volumes import Volume, finite_numbers, read_volume

SLACK_M: Final = 2e-3
"""A point this far outside a volume is inside: float32 positions and rounded matrices ..."""

SLACK_RATIO: Final = 1e-6
"""... and, for large volumes, this part of their size."""

Y_TO_Z: Final = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""Turns glTF's y-up into the tile's z-up (3D Tiles 1.1, 6.7.1.6.3)."""

_VERSIONS: Final = ("1.0", "1.1")
_MAGICS: Final = (b"b3dm", b"i3dm", b"pnts", b"cmpt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong: the file, the place in it (``/root/children/0``), and what it is."""

    file: str
    place: str
    text: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.file}#{self.place}: {self.text}"


def verify(tileset: Path) -> list[Problem]:
    """List what is wrong with a tileset; nothing where it is sound.

    Parameters
    ----------
    tileset : Path
        The folder with ``tileset.json``, or the JSON file itself.

    Notes
    -----
    Checked: required fields and their types; geometric error never larger than the parent's; children's and contents'
    volumes inside their tile's; every content present; GLB structure, indices, feature ids and property tables; every
    vertex inside the volumes of its tile.
    """
    path = tileset / "tileset.json" if tileset.is_dir() else tileset
    walk = _Walk(path.parent)
    walk.tileset(path, np.eye(4), None, ())
    return walk.problems


@dataclass(frozen=True, slots=True, kw_only=True)
class _Above:
    """What a tile hands down: its volume and its error."""

    volume: Volume | None
    error: float | None


class _Walk:
    """Goes through a tileset and those it refers to, and collects problems."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.problems: list[Problem] = []
        self._file = ""

    def tileset(self, path: Path, matrix: NDArray[np.float64], above: _Above | None, via: tuple[Path, ...]) -> None:
        """Check a tileset file under the matrix of the tile that refers to it."""
        outer, self._file = self._file, self._name(path)
        document = self._read(path)
        if document is not None and self._check_head(document):
            start = _Above(volume=above.volume if above else None, error=_error(document))
            self._tile(document["root"], "/root", matrix, start, (*via, path.resolve()))
        self._file = outer

    def _read(self, path: Path) -> Json | None:
        try:
            document = json.loads(path.read_bytes().decode("utf-8"))
        except OSError:
            self._say("", "is missing or cannot be read")
            return None
        except (ValueError, RecursionError):
            self._say("", "is no JSON in UTF-8 without a byte order mark")
            return None
        if not isinstance(document, dict):
            self._say("", "is no JSON object")
            return None
        return document

    def _check_head(self, document: Json) -> bool:
        asset = document.get("asset")
        if not isinstance(asset, dict):
            self._say("/asset", "is missing or no object")
        elif asset.get("version") not in _VERSIONS:
            self._say("/asset/version", f"got {asset.get('version')!r}, want one of {', '.join(_VERSIONS)}")
        if _error(document) is None:
            self._say("/geometricError", "is missing, negative or no number")
        if not isinstance(document.get("root"), dict):
            self._say("/root", "is missing or no object")
            return False
        if "refine" not in document["root"]:
            self._say("/root/refine", "is missing; the root must say ADD or REPLACE")
        return True

    def _tile(self, tile: Any, place: str, outer: NDArray[np.float64], above: _Above, via: tuple[Path, ...]) -> None:
        if not isinstance(tile, dict):
            self._say(place, "is no object")
            return
        matrix = outer @ self._transform(tile, place)
        volume = self._volume(tile, place, matrix, above.volume)
        error = _error(tile)
        if error is None:
            self._say(f"{place}/geometricError", "is missing, negative or no number")
        elif above.error is not None and error > above.error:
            self._say(f"{place}/geometricError", f"{error} is larger than the parent's {above.error}")
        if "refine" in tile and tile["refine"] not in ("ADD", "REPLACE"):
            self._say(f"{place}/refine", f"got {tile['refine']!r}, want ADD or REPLACE")
        below = _Above(volume=volume, error=error if error is not None else above.error)
        self._contents(tile, place, matrix, below, via)
        children = tile.get("children")
        if children is None:
            return
        if not isinstance(children, list) or not children:
            self._say(f"{place}/children", "is no array or an empty one; leave it out instead")
            return
        for number, child in enumerate(children):
            self._tile(child, f"{place}/children/{number}", matrix, below, via)

    def _transform(self, tile: Json, place: str) -> NDArray[np.float64]:
        given = tile.get("transform")
        if given is None:
            return np.eye(4)
        if not finite_numbers(given, 16):
            self._say(f"{place}/transform", "is not 16 finite numbers")
            return np.eye(4)
        matrix = np.array(given, dtype=np.float64).reshape(4, 4).T
        if not np.array_equal(matrix[3], (0.0, 0.0, 0.0, 1.0)):
            self._say(f"{place}/transform", "is not affine: its last row is not 0 0 0 1")
            return np.eye(4)
        if abs(np.linalg.det(matrix[:3, :3])) < 1e-30:
            self._say(f"{place}/transform", "cannot be inverted")
        return matrix

    def _volume(self, holder: Json, place: str, matrix: NDArray[np.float64], around: Volume | None) -> Volume | None:
        volume, wrong = read_volume(holder.get("boundingVolume"), matrix)
        for text in wrong:
            self._say(f"{place}/boundingVolume", text)
        if volume is not None and around is not None:
            out = float(around.outside_m(volume.surface()).max())
            if out > _slack(around):
                self._say(f"{place}/boundingVolume", f"reaches {out:.3f} m out of the volume around it")
        return volume

    def _contents(
        self, tile: Json, place: str, matrix: NDArray[np.float64], above: _Above, via: tuple[Path, ...]
    ) -> None:
        if "content" in tile and "contents" in tile:
            self._say(place, "has both content and contents")
        if "contents" in tile and (not isinstance(tile["contents"], list) or not tile["contents"]):
            self._say(f"{place}/contents", "is no array or an empty one")
            return
        entries = [("content", tile["content"])] if "content" in tile else [
            (f"contents/{k}", entry) for k, entry in enumerate(tile.get("contents", []))]
        for name, entry in entries:
            self._content(entry, f"{place}/{name}", matrix, above, "implicitTiling" in tile, via)

    def _content(self, entry: Any, place: str, matrix: NDArray[np.float64], above: _Above, implicit: bool,
                 via: tuple[Path, ...]) -> None:
        if not isinstance(entry, dict) or not isinstance(entry.get("uri"), str):
            self._say(place, "is no object with a uri")
            return
        tight = self._volume(entry, place, matrix, above.volume) if "boundingVolume" in entry else None
        parts = urlsplit(entry["uri"])
        if implicit or parts.scheme:
            return
        path = via[-1].parent / unquote(parts.path)
        if not path.is_file():
            self._say(f"{place}/uri", f"{entry['uri']} is missing")
            return
        data = path.read_bytes()
        if data[:4] == b"glTF":
            self._glb(path, data, matrix, [v for v in (above.volume, tight) if v is not None])
        elif data[:4] in _MAGICS:
            self._legacy(path, data)
        elif _looks_like_tileset(data):
            if path.resolve() in via:
                self._say(f"{place}/uri", f"{entry['uri']} leads back to itself")
            else:
                self.tileset(path, matrix, above, via)

    def _glb(self, path: Path, data: bytes, matrix: NDArray[np.float64], volumes: list[Volume]) -> None:
        glb, wrong = read_glb(data)
        if glb is not None:
            try:
                placed = check_glb(glb)
            except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
                placed = []
                glb.problems.append(f"is not built as glTF asks ({type(error).__name__}: {error})")
            wrong = glb.problems
            for points in placed:
                world = points @ Y_TO_Z.T @ matrix[:3, :3].T + matrix[:3, 3]
                for volume in volumes:
                    out = float(volume.outside_m(world).max())
                    if out > _slack(volume):
                        wrong.append(f"a vertex lies {out:.3f} m out of the tile's {volume.kind}")
        self.problems += [Problem(file=self._name(path), place="", text=text) for text in dict.fromkeys(wrong)]

    def _legacy(self, path: Path, data: bytes) -> None:
        length = int.from_bytes(data[8:12], "little")
        if length != len(data):
            self.problems.append(Problem(file=self._name(path), place="",
                                         text=f"has {len(data)} bytes but its header says {length}"))
        elif length % 8:
            self.problems.append(Problem(file=self._name(path), place="", text="has a length not divisible by 8"))

    def _say(self, place: str, text: str) -> None:
        self.problems.append(Problem(file=self._file, place=place, text=text))

    def _name(self, path: Path) -> str:
        try:
            return path.resolve().relative_to(self.base.resolve()).as_posix()
        except ValueError:
            return path.as_posix()


def _error(holder: Json) -> float | None:
    """Geometric error of a tile or tileset, None where it is not a number of at least 0."""
    value = holder.get("geometricError")
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value) or value < 0:
        return None
    return float(value)


def _slack(volume: Volume) -> float:
    return max(SLACK_M, SLACK_RATIO * volume.size_m)


def _looks_like_tileset(data: bytes) -> bool:
    if data.lstrip()[:1] != b"{":
        return False
    try:
        return "root" in json.loads(data)
    except ValueError:
        return False
