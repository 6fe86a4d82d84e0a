"""What an IFC file says of itself, before there is a scene: schema, units, storeys, and every claim about its place."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

from zonebox.errors import FrameError
from zonebox.frame import crs_label, has_vertical, known_crs, parts_of
from zonebox.model import FileInfo, FileKind
from zonebox_converters.ifc import contents, header
from zonebox_converters.ifc.facts import Facts
from zonebox_converters.ifc.georeference import vertical_of
from zonebox_converters.ifc.stated import Conversion, Stated


def about(source: Path) -> FileInfo:
    """Describe an .ifc or .ifczip without making its geometry.

    Raises
    ------
    InputError
        No usable IFC file; cut off; nothing to build from.
    """
    header.check_present(source)
    with header.opened(source) as file:
        facts = contents.state(file)
    schema = facts.attributes["schema"]
    oddities = list(facts.notes)
    crs = _crs(facts.stated, source.name, oddities)
    horizontal, vertical = parts_of(crs) if crs else ("", "")
    return FileInfo(
        source=str(source), kind=FileKind.IFC, crs=crs, crs_name=crs_label(horizontal) if horizontal else "",
        heights=crs_label(vertical) if vertical else "",
        rows=(("schema", schema), ("length unit", f"{facts.stated.unit_m:g} m"), *_building_rows(facts),
              *_place_rows(facts.stated)),
        oddities=(*oddities, *_place_oddities(facts.stated, source.name)),
    )


def _building_rows(facts: Facts) -> list[tuple[str, str]]:
    kinds = Counter(part.ifc_class for part in facts.parts)
    rows = [("building", facts.name or "without a name"),
            ("elements", f"{len(facts.parts):,}: " + ", ".join(f"{n:,} {kind}" for kind, n in kinds.most_common(5)))]
    if facts.levels:
        levels = sorted(facts.levels, key=lambda level: level.z_m)
        lowest, highest = (f"{level.name} {level.z_m:.2f} m" for level in (levels[0], levels[-1]))
        rows.append(("storeys", f"{len(levels)}: {lowest} … {highest} (file coordinates)"))
        stated = [level.area_m2 for level in levels if level.area_m2 is not None]
        if stated:
            rows.append(("floor area", f"{sum(stated):,.1f} m² stated for {len(stated)} of {len(levels)} storeys"))
    if facts.rooms:
        rows.append(("spaces", f"{len(facts.rooms):,}"))
    rows += [("outdoor ground", f"{height:.2f} m by {name}") for name, height in facts.grounds[:1]]
    return rows


def _place_rows(said: Stated) -> list[tuple[str, str]]:
    rows = []
    for conversion in said.conversions:
        turned = math.degrees(math.atan2(conversion.ordinate, conversion.abscissa))
        crs = conversion.crs or conversion.wkt[:40] or "no CRS"
        place = f"E {conversion.east:.3f} N {conversion.north:.3f} H {conversion.height:.3f}"
        turn = f"turned {turned:.2f}° anticlockwise, scale {conversion.scale or 1.0:g}"
        rows.append((conversion.label, f"{crs}: {place}, {turn}"))
    if said.lat_lon is not None:
        rows.append(("IfcSite", f"latitude {said.lat_lon[0]:.6f}, longitude {said.lat_lon[1]:.6f}" + (
            "" if said.ref_elevation_m is None else f", elevation {said.ref_elevation_m:.3f} m")))
    rows.append(("file coordinates", "around x {:,.1f} y {:,.1f} z {:,.1f} m".format(*said.anchor)))
    return rows


def _crs(said: Stated, name: str, oddities: list[str]) -> str:
    """Settle the CRS of the first map conversion that names one PROJ knows, with its vertical datum."""
    for conversion in said.conversions:
        crs = _named(conversion, name, oddities)
        if not crs:
            continue
        vertical = vertical_of(conversion.vertical, name) if conversion.vertical and not has_vertical(crs) else ""
        if vertical and crs.startswith("EPSG:"):
            return known_crs(f"{crs}+{vertical.removeprefix('EPSG:')}", where=name)
        return crs
    return ""


def _named(conversion: Conversion, name: str, oddities: list[str]) -> str:
    for text in (conversion.crs.strip(), conversion.wkt.strip()):
        try:
            if text:
                return known_crs(text, where=name)
        except FrameError:
            oddities.append(f"{name}: the CRS name \"{text[:40]}\" of {conversion.label} is unknown")
    return ""


def _place_oddities(said: Stated, name: str) -> list[str]:
    if not said.conversions and said.lat_lon is None:
        return [f"{name}: says nothing about its place; give the design a placement in the scene"]
    if not said.conversions:
        return [f"{name}: has no map conversion; latitude and longitude are often an office's default"]
    return []
