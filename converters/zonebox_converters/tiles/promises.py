"""What a tileset promises of itself beyond the standard, in its asset's ``extras``, and whether it keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from zonebox_converters.tiles.glb import Json
from zonebox_converters.tiles.glbcheck import Glb

_TRIANGLES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """Errors of tiles are below their parents', not only no larger; no content has more triangles or bytes."""

    errors_decrease: bool = False
    most_triangles: int | None = None
    most_bytes: int | None = None

    def declared(self) -> Json:
        """Say them in JSON; `read_promises` reads it."""
        return {"errorsDecrease": self.errors_decrease, "mostTriangles": self.most_triangles,
                "mostBytes": self.most_bytes}

    def broken(self, size: int, triangles: int) -> Iterator[str]:
        """Say what a content of so many bytes and triangles breaks."""
        if self.most_triangles is not None and triangles > self.most_triangles:
            yield f"has {triangles:,} triangles, but the tileset promises {self.most_triangles:,} at most"
        if self.most_bytes is not None and size > self.most_bytes:
            yield f"has {size:,} bytes, but the tileset promises {self.most_bytes:,} at most"


def read_promises(document: Json) -> Promises:
    """Read the promises of a tileset; what is absent or no promise is not promised.

    Examples
    --------
    >>> read_promises({"asset": {"extras": {"promises": {"errorsDecrease": True, "mostTriangles": 9}}}})
    Promises(errors_decrease=True, most_triangles=9, most_bytes=None)
    >>> read_promises({"asset": {"extras": []}})
    Promises(errors_decrease=False, most_triangles=None, most_bytes=None)
    """
    given: object = document
    for key in ("asset", "extras", "promises"):
        given = given.get(key) if isinstance(given, dict) else None
    said = given if isinstance(given, dict) else {}
    return Promises(errors_decrease=said.get("errorsDecrease") is True,
                    most_triangles=_count(said.get("mostTriangles")), most_bytes=_count(said.get("mostBytes")))


def triangle_count(glb: Glb) -> int:
    """Triangles of all meshes of a glTF that has them as lists; 0 for those that cannot be counted."""
    total = 0
    accessors = glb.document.get("accessors", [])
    for mesh in glb.document.get("meshes", []):
        for primitive in mesh.get("primitives", []):
            number = primitive.get("indices", primitive.get("attributes", {}).get("POSITION"))
            if primitive.get("mode", _TRIANGLES) == _TRIANGLES and isinstance(number, int) and number < len(accessors):
                total += int(accessors[number].get("count", 0)) // 3
    return total


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
