"""What a city model holds, before there is a scene."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from zonebox.errors import FrameError
from zonebox.frame import crs_label, known_crs, parts_of
from zonebox.model import FileInfo, FileKind
from zonebox_converters.citymodel.document import opened


def about(source: Path) -> FileInfo:
    """Describe a CityJSON or CityJSONSeq file.

    Raises
    ------
    InputError
        As `opened`.
    """
    document = opened(source)
    objects = document.objects.values()
    kinds = Counter(item.type for item in objects)
    levels = Counter(str(shape.get("lod", "none")) for item in objects for shape in item.geometry)
    oddities = []
    crs = ""
    try:
        crs = known_crs(document.crs, where=f"{source.name}#/metadata/referenceSystem") if document.crs else ""
    except FrameError as problem:
        oddities.append(str(problem))
    else:
        if not crs:
            oddities.append(f"{source.name}: names no CRS; write crs beside the source in the scene")
        elif not parts_of(crs)[1]:
            oddities.append(f"{source.name}: does not say what its heights are above")
    empty = sum(not item.geometry and not item.children for item in objects)
    if empty:
        oddities.append(f"{source.name}: {empty:,} objects have no shape")
    rows = [("objects", ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())),
            ("levels of detail", ", ".join(f"{lod} ({count:,})" for lod, count in sorted(levels.items())))]
    extent = None
    if len(document.vertices):
        low, high = document.vertices.min(0), document.vertices.max(0)
        extent = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
        rows.append(("heights from to", f"{low[2]:,.2f} to {high[2]:,.2f}"))
    horizontal, vertical = parts_of(crs) if crs else ("", "")
    return FileInfo(source=str(source), kind=FileKind.CITY_MODEL, crs=crs,
                    crs_name=crs_label(horizontal) if horizontal else "",
                    heights=crs_label(vertical) if vertical else "", extent=extent, rows=tuple(rows),
                    oddities=tuple(oddities))
