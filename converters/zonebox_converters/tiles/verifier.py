"""Whether a tileset keeps its own promises: structure, volumes, errors, contents, tables.

Works on any tileset, not only on zonebox's. Not looked into: archives (3tz, 3dtiles), what lies behind `http:`, styles,
a volume given by an extension, or to an implicit tile by its metadata, metadata in textures and in attributes of
vertices, where the instances of an i3dm and the points of a pnts compressed by Draco lie, and what vendors' extensions
say. Vertices compressed by quantisation, meshopt or Draco are, as a client makes them; where the library for that is
missing, that is said.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import numpy as np
from numpy.typing import NDArray

from zonebox_converters.tiles.entities import check_entity, stated_error
from zonebox_converters.tiles.glb import Json
from zonebox_converters.tiles.glbcheck import Glb, read_glb, read_gltf
from zonebox_converters.tiles.heads import ARCHIVE, GLTF, check_extensions, check_head, read_schema, used_below
from zonebox_converters.tiles.inside import MISBUILT, NOTHING, gltf_problems, legacy_problems, slack_m
from zonebox_converters.tiles.jsontext import parsed
from zonebox_converters.tiles.legacy import MAGICS
from zonebox_converters.tiles.promises import Promises, read_promises
from zonebox_converters.tiles.schemas import Found
from zonebox_converters.tiles.subtrees import check_root, filled, read_tiling, template_problems, walk_subtrees
from zonebox_converters.tiles.volumes import LARGEST, Volume, finite_number, finite_numbers, read_volume

DEEPEST: Final = 64
"""Tilesets under one another that are followed."""

ENDINGS: Final = {".glb", ".gltf", ".json", ".b3dm", ".i3dm", ".pnts", ".cmpt"}
"""Of contents that can be looked into; others may be anything that a client knows by their first bytes."""

@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong: the file, the place in it (``/root/children/0``), and what it is."""

    file: str
    place: str
    text: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.file}#{self.place}: {self.text}"


def verify(tileset: Path, *, trusted: Collection[Path] = ()) -> list[Problem]:
    """List what is wrong with a tileset; nothing where it is sound.

    Parameters
    ----------
    tileset : Path
        The folder with ``tileset.json``, or the JSON file itself.
    trusted : collection of Path
        Contents that need not be opened again; they must be there all the same.

    Notes
    -----
    Checked: required fields and their types; declared extensions; schemas, metadata and statistics; geometric error
    never larger than the parent's; children's and contents' volumes inside their tile's; every content and subtree
    present; structure of GLB, glTF and the formats of 1.0, their indices, feature ids and tables; every vertex inside
    the volumes of its tile.
    """
    path = tileset / "tileset.json" if tileset.is_dir() else tileset
    walk = _Walk(path.parent, frozenset(trusted))
    try:
        walk.tileset(path, np.eye(4), None, ())
    except RecursionError:
        walk.problems.append(Problem(file=path.name, place="", text="nests tiles and tilesets too deep to be read"))
    return walk.problems


@dataclass(frozen=True, slots=True, kw_only=True)
class _Above:
    """What a tile hands down: its volume and its error; or a tileset, which is no tile."""

    volume: Volume | None
    error: float | None
    tile: bool = True


@dataclass(slots=True, kw_only=True)
class _File:
    """The tileset file that is being read, and those that led to it; ``needs`` are extensions that its contents use."""

    via: tuple[Path, ...]
    version: str
    schema: Json | None
    groups: int
    promises: Promises
    needs: set[str] = field(default_factory=set)

    @property
    def folder(self) -> Path:
        return self.via[-1].parent


class _Walk:
    """Goes through a tileset and those it refers to, and collects problems."""

    def __init__(self, base: Path, trusted: frozenset[Path]) -> None:
        self.base = base
        self.trusted = {path.resolve() for path in trusted}
        self.problems: list[Problem] = []
        self._file = ""

    def tileset(self, path: Path, matrix: NDArray[np.float64], above: _Above | None,
                via: tuple[Path, ...]) -> set[str]:
        """Check a tileset file under the matrix of the tile that refers to it; give the extensions it needs."""
        outer, self._file = self._file, self._name(path)
        document = self._read(path)
        needs: set[str] = set()
        if document is not None:
            needs = self._document(document, matrix, above, (*via, path.resolve()))
        self._file = outer
        return needs

    def _document(self, document: Json, matrix: NDArray[np.float64], above: _Above | None,
                  via: tuple[Path, ...]) -> set[str]:
        schema, wrong = read_schema(document, via[-1].parent)
        self._tell("", iter(wrong))
        self._tell("", check_head(document, schema))
        asset, groups = document.get("asset"), document.get("groups")
        here = _File(via=via, version=str(asset.get("version")) if isinstance(asset, dict) else "", schema=schema,
                     groups=len(groups) if isinstance(groups, list) else 0, promises=read_promises(document))
        if _error(document) is None:
            self._say("/geometricError", "is missing, negative or no number")
        if not isinstance(document.get("root"), dict):
            self._say("/root", "is missing or no object")
        else:
            if "refine" not in document["root"]:
                self._say("/root/refine", "is missing; the root must say ADD or REPLACE")
            start = _Above(volume=above.volume if above else None, error=_error(document), tile=above is not None)
            self._tile(document["root"], "/root", matrix, start, here)
        self._tell("", check_extensions(document, here.needs))
        return used_below(document) | here.needs

    def _read(self, path: Path) -> Json | None:
        try:
            document = parsed(path.read_bytes())
        except OSError:
            self._say("", "is missing or cannot be read")
            return None
        except ValueError as problem:
            self._say("", f"is no JSON in UTF-8 without a byte order mark ({problem})")
            return None
        if not isinstance(document, dict):
            self._say("", "is no JSON object")
            return None
        return document

    def _tile(self, tile: Any, place: str, outer: NDArray[np.float64], above: _Above, here: _File) -> None:
        if not isinstance(tile, dict):
            self._say(place, "is no object")
            return
        matrix = outer @ self._transform(tile, place)
        if np.abs(matrix).max() > LARGEST:
            self._say(f"{place}/transform", "is, with those above it, too large to be computed with")
            matrix = np.eye(4)
        volume = self._volume(tile, place, matrix, above.volume)
        below = _Above(volume=volume, error=self._tile_error(tile, place, above, here))
        if "refine" in tile and tile["refine"] not in ("ADD", "REPLACE"):
            self._say(f"{place}/refine", f"got {tile['refine']!r}, want ADD or REPLACE")
        if "metadata" in tile:
            self._tell(f"{place}/metadata", check_entity(tile["metadata"], here.schema))
        if "implicitTiling" in tile:
            self._implicit(tile, place, matrix, below, here)
        self._contents(tile, place, matrix, below, here)
        children = tile.get("children")
        if children is None:
            return
        if not isinstance(children, list) or not children:
            self._say(f"{place}/children", "is no array or an empty one; leave it out instead")
            return
        for number, child in enumerate(children):
            self._tile(child, f"{place}/children/{number}", matrix, below, here)

    def _tile_error(self, tile: Json, place: str, above: _Above, here: _File) -> float | None:
        """Geometric error of a tile, by its metadata where that states one; the parent's where it is unusable."""
        error = _error(tile)
        if error is None:
            self._say(f"{place}/geometricError", "is missing, negative or no number")
        stated = stated_error(tile.get("metadata"), here.schema)
        error = error if stated is None else stated
        if error is not None and above.error is not None and error > above.error:
            self._say(f"{place}/geometricError", f"{error} is larger than the parent's {above.error}")
        elif here.promises.errors_decrease and above.tile and error is not None and error == above.error:
            self._say(f"{place}/geometricError", f"{error} is not below the parent's, as the tileset promises")
        return above.error if error is None else error

    def _implicit(self, tile: Json, place: str, matrix: NDArray[np.float64], above: _Above, here: _File) -> None:
        self._tell(place, check_root(tile))
        tiling, wrong = read_tiling(tile["implicitTiling"])
        self._tell(f"{place}/implicitTiling", iter(wrong))
        if tiling is None:
            return
        templates = [entry["uri"] if isinstance(entry, dict) and isinstance(entry.get("uri"), str) else ""
                     for entry in _contents_of(tile)]
        for template in filter(None, templates):
            for text in template_problems(template, tiling.branches):
                self._say(f"{place}/content/uri", text)
        for path, root, subtree, told in walk_subtrees(here.folder, tiling):
            self.problems += [Problem(file=self._name(path), place=where, text=text) for where, text in told]
            for slot, template in enumerate(templates):
                for level, at in subtree.places(slot, tiling, *root):
                    known = above.volume if not subtree.described else None
                    volumes = [] if known is None or known.kind == "sphere" else [known.cell(level, at)]
                    self._implicit_content(filled(template, level, at), place, matrix, above, here, volumes)

    def _implicit_content(self, uri: str, place: str, matrix: NDArray[np.float64], above: _Above, here: _File,
                          volumes: list[Volume]) -> None:
        """Check a content that a subtree says is there, against the volume that follows from its place."""
        parts = urlsplit(uri)
        path = here.folder / unquote(parts.path)
        if parts.scheme or not uri:
            return
        if not path.is_file():
            self._say(f"{place}/content/uri", f"{uri} is missing")
        elif not (self.trusted and path.resolve() in self.trusted):
            self._open(path, path.read_bytes(), f"{place}/content", matrix, above, here, volumes)

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
            return np.eye(4)
        return matrix

    def _volume(self, holder: Json, place: str, matrix: NDArray[np.float64], around: Volume | None) -> Volume | None:
        volume, wrong = read_volume(holder.get("boundingVolume"), matrix)
        for text in wrong:
            self._say(f"{place}/boundingVolume", text)
        if volume is not None and around is not None:
            out = float(around.outside_m(volume.surface()).max())
            if out > slack_m(around):
                self._say(f"{place}/boundingVolume", f"reaches {out:.3f} m out of the volume around it")
        return volume

    def _contents(self, tile: Json, place: str, matrix: NDArray[np.float64], above: _Above, here: _File) -> None:
        if "content" in tile and "contents" in tile:
            self._say(place, "has both content and contents")
        if "contents" in tile and (not isinstance(tile["contents"], list) or not tile["contents"]):
            self._say(f"{place}/contents", "is no array or an empty one")
            return
        for number, entry in enumerate(_contents_of(tile)):
            name = "content" if "content" in tile else f"contents/{number}"
            self._content(entry, f"{place}/{name}", matrix, above, here, "implicitTiling" in tile)

    def _content(self, entry: Any, place: str, matrix: NDArray[np.float64], above: _Above, here: _File,
                 implicit: bool) -> None:
        if not isinstance(entry, dict) or not isinstance(entry.get("uri"), str):
            self._say(place, "is no object with a uri")
            return
        if "metadata" in entry:
            self._tell(f"{place}/metadata", check_entity(entry["metadata"], here.schema))
        group = entry.get("group", 0)
        if "group" in entry and not (isinstance(group, int) and 0 <= group < here.groups):
            self._say(f"{place}/group", f"got {group!r}, want the number of one of {here.groups} groups")
        tight = self._volume(entry, place, matrix, above.volume) if "boundingVolume" in entry else None
        parts = urlsplit(entry["uri"])
        if implicit or parts.scheme:
            return
        path = here.folder / unquote(parts.path)
        if not path.is_file():
            self._say(f"{place}/uri", f"{entry['uri']} is missing")
            return
        if self.trusted and path.resolve() in self.trusted:
            return
        volumes = [v for v in (above.volume, tight) if v is not None]
        self._open(path, path.read_bytes(), place, matrix, above, here, volumes)

    def _open(self, path: Path, data: bytes, place: str, matrix: NDArray[np.float64], above: _Above, here: _File,
              volumes: list[Volume]) -> None:
        """Check a content by what its bytes are, however they are put together."""
        outer = self._file
        try:
            self._look_into(path, data, place, matrix, above, here, volumes)
        except MISBUILT as error:
            self._file = outer
            self.problems.append(Problem(file=self._name(path), place="",
                                         text=f"is not built as its format asks ({type(error).__name__}: {error})"))

    def _look_into(self, path: Path, data: bytes, place: str, matrix: NDArray[np.float64], above: _Above,
                   here: _File, volumes: list[Volume]) -> None:
        for text in here.promises.broken(len(data), 0):
            self.problems.append(Problem(file=self._name(path), place="", text=text))
        if data[:4] == b"glTF":
            if here.version == "1.0":
                here.needs.add(GLTF)
            self._gltf(path, *read_glb(data), matrix, volumes, promises=here.promises)
        elif data[:4] in MAGICS:
            told = legacy_problems(data, matrix, volumes, here.promises)
            self.problems += [Problem(file=self._name(path), place="", text=text) for text in told]
        elif path.suffix == ".3tz":
            here.needs.add(ARCHIVE)
        elif (document := _json_object(data)) is None:
            if path.suffix.lower() in ENDINGS:
                self.problems.append(Problem(file=self._name(path), place="",
                                             text=f"does not hold what its ending {path.suffix} says"))
        elif "root" in document:
            self._inner(path, place, matrix, above, here)
        elif "asset" in document:
            if here.version == "1.0":
                here.needs.add(GLTF)
            self._gltf(path, *read_gltf(data, path.parent), matrix, volumes)

    def _inner(self, path: Path, place: str, matrix: NDArray[np.float64], above: _Above, here: _File) -> None:
        """Check a tileset that is the content of a tile."""
        if path.resolve() in here.via:
            self._say(f"{place}/uri", f"{path.name} leads back to itself")
        elif len(here.via) >= DEEPEST:
            self._say(f"{place}/uri", f"{path.name} lies below {DEEPEST} other tilesets: too deep to be read")
        else:
            here.needs |= self.tileset(path, matrix, above, here.via)

    def _gltf(self, path: Path, glb: Glb | None, wrong: list[str], matrix: NDArray[np.float64],
              volumes: list[Volume], promises: Promises = NOTHING) -> None:
        told = gltf_problems(glb, wrong, matrix, volumes, promises=promises)
        self.problems += [Problem(file=self._name(path), place="", text=text) for text in told]

    def _tell(self, place: str, found: Found) -> None:
        try:
            for inner, text in found:
                self._say(f"{place}{inner}", text)
        except MISBUILT as error:
            self._say(place, f"is not built as 3D Tiles asks ({type(error).__name__}: {error})")

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
    return float(value) if finite_number(value) and value >= 0 else None


def _json_object(data: bytes) -> Json | None:
    if data.lstrip()[:1] != b"{":
        return None
    try:
        document: Json = parsed(data)
    except ValueError:
        return None
    return document


def _contents_of(tile: Json) -> list[Any]:
    if "content" in tile:
        return [tile["content"]]
    contents = tile.get("contents")
    return contents if isinstance(contents, list) else []
