"""What a file holds, and what was understood of it, before any scene exists."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FileKind(StrEnum):
    """What a file is to a scene."""

    PARCELS = "parcels"
    ROADS = "roads"
    LINES = "lines"
    VECTOR = "vector"
    TABLE = "table"
    RULES = "rules"
    IFC = "ifc"
    POINTS = "points"
    RASTER = "raster"
    CITY_MODEL = "city_model"
    TILESET = "tileset"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldUse:
    """A field of a table: the concept it was taken for ("" where none), and what stands in it.

    ``low`` and ``high`` bound its numbers; ``sample`` shows its first texts where it holds none.
    """

    name: str
    concept: str
    filled: int
    total: int
    low: float | None = None
    high: float | None = None
    sample: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileInfo:
    """One file as it was understood.

    Parameters
    ----------
    source : str
        As the user named it.
    kind : FileKind
        What it is to a scene.
    crs : str
        Horizontal reference, or the compound one, as code or WKT; "" where the file names none.
    crs_name, heights : str
        The same in words, and what the file's heights are above ("" where it does not say).
    extent : tuple of float or None
        (least x, least y, greatest x, greatest y) in ``crs`` and its units.
    rows : tuple of (str, str)
        Further facts as (name of the fact, what it is).
    fields : tuple of FieldUse
        Fields of a table in the order of the file.
    oddities : tuple of str
        What a careful reader would ask about, one sentence each.
    """

    source: str
    kind: FileKind
    crs: str = ""
    crs_name: str = ""
    heights: str = ""
    extent: tuple[float, float, float, float] | None = None
    rows: tuple[tuple[str, str], ...] = ()
    fields: tuple[FieldUse, ...] = ()
    oddities: tuple[str, ...] = ()
