"""Names of coordinate reference systems: what PROJ knows of them, and which can carry a scene."""

from __future__ import annotations

import functools
import re
from typing import Final

import pyproj
from pyproj.exceptions import CRSError

from zonebox.errors import FrameError
from zonebox.frame.local_system import LOCAL

AUTHORITIES: Final = ("EPSG:", "ESRI:", "OGC:", "IAU", "NKG:")
"""A CRS name that begins otherwise is WKT."""


def check_scene_crs(crs: str, *, where: str) -> None:
    """Refuse a scene CRS that is unknown, flat, geographic or not in metres.

    Raises
    ------
    FrameError
        One sentence with the remedy.
    """
    found = checked(crs, where)
    if not found.is_compound:
        hint = f'write e.g. crs = "{code_of(found)}+5737" (1985 国家高程基准) or "{code_of(found)}+5709" (NAP)'
        raise FrameError(where, got=f"{code_of(found)} ({found.name}) without a vertical datum",
                         want="a horizontal and a vertical reference", then=hint)
    horizontal, vertical = found.sub_crs_list
    if not horizontal.is_projected:
        raise FrameError(where, got=f"{code_of(horizontal)} in degrees", want="a projected CRS in metres",
                         then="choose the zone of your site, e.g. EPSG:4548 or a UTM zone")
    units = {axis.unit_name for axis in (*horizontal.axis_info, *vertical.axis_info)}
    if units != {"metre"}:
        raise FrameError(where, got=f"{crs} in {', '.join(sorted(units))}", want="metres in plan and height",
                         then="give the scene a metric CRS; files in feet are converted on entry")


def known_crs(text: str, *, where: str) -> str:
    """Return an authority code (or WKT, where there is none) for anything PROJ understands, OGC URNs included.

    ``local`` stays what it is: the local system of the scene.

    Raises
    ------
    FrameError
        PROJ does not know it.
    """
    return LOCAL if text.strip() == LOCAL else code_of(checked(text, where))


def has_vertical(crs: str) -> bool:
    """Whether a CRS name says what its heights mean."""
    if crs == LOCAL:
        return False
    found = parsed(crs)
    return found.is_compound or found.is_vertical or len(found.axis_info) == 3


def is_geographic(crs: str) -> bool:
    """Whether the horizontal part of a CRS is in degrees."""
    if crs == LOCAL:
        return False
    found = parsed(crs)
    return bool((found.sub_crs_list[0] if found.is_compound else found).is_geographic)


def unit_m(crs: str) -> float:
    """Metres in the unit of a CRS's eastings and northings; radians in that of a geographic one."""
    if crs == LOCAL:
        return 1.0
    found = parsed(crs)
    return float((found.sub_crs_list[0] if found.is_compound else found).axis_info[0].unit_conversion_factor)


def height_unit_m(crs: str) -> float:
    """Metres in the unit of a CRS's heights; 1 where it has none.

    >>> round(height_unit_m("EPSG:2263+6360"), 7), height_unit_m("EPSG:7415"), height_unit_m("EPSG:2263")
    (0.3048006, 1.0, 1.0)
    """
    if not has_vertical(crs):
        return 1.0
    found = parsed(crs)
    return float((found.sub_crs_list[1] if found.is_compound else found).axis_info[-1].unit_conversion_factor)


def parts_of(crs: str) -> tuple[str, str]:
    """Codes (or WKT) of the horizontal and of the vertical part of a CRS; "" for a part it has not.

    >>> parts_of("EPSG:7415"), parts_of("EPSG:4548"), parts_of("EPSG:5709")
    (('EPSG:28992', 'EPSG:5709'), ('EPSG:4548', ''), ('', 'EPSG:5709'))
    """
    if crs == LOCAL:
        return LOCAL, ""
    found = parsed(crs)
    if found.is_compound:
        return code_of(found.sub_crs_list[0]), code_of(found.sub_crs_list[1])
    return ("", code_of(found)) if found.is_vertical else (code_of(found), "")


def metric_crs_at(longitude: float, latitude: float) -> str:
    """Code of a projected CRS in metres around a place: 3-degree CGCS2000 in China (domain E3), else WGS 84 / UTM.

    >>> metric_crs_at(117.1, 36.6), metric_crs_at(4.4, 52.0), metric_crs_at(151.2, -33.9)
    ('EPSG:4548', 'EPSG:32631', 'EPSG:32756')
    """
    if 73.5 <= longitude < 136.5 and 17.0 <= latitude <= 54.0:
        return f"EPSG:{4534 + round((longitude - 75.0) / 3.0)}"
    zone = int((longitude + 180.0) // 6.0) % 60 + 1
    return f"EPSG:{(32600 if latitude >= 0 else 32700) + zone}"


def crs_label(crs: str) -> str:
    """Name of a CRS as people write it, with its code."""
    if crs == LOCAL:
        return "the local system of the scene"
    found = parsed(crs)
    name = code_of(found)
    return f"{name} {found.name}" if name.startswith(tuple(AUTHORITIES)) else str(found.name)


def short_label(crs: str) -> str:
    """Code and name of a CRS; the name alone where it has no code and would be given as WKT."""
    return crs_label(crs).rsplit("] ", maxsplit=1)[-1]


def same_horizontal(one: str, other: str) -> bool:
    """Whether two CRS names have the same horizontal part, vertical parts and axis order aside."""
    if LOCAL in {one, other}:
        return one == other
    a, b = ((c.sub_crs_list[0] if c.is_compound else c) for c in (parsed(one), parsed(other)))
    return bool(a.equals(b, ignore_axis_order=True))


def gauss_kruger(crs: str) -> tuple[float, int] | None:
    """Central meridian (degrees) and zone number before the eastings (0: none) of a Gauss-Krüger CRS; None for others.

    >>> gauss_kruger("EPSG:4548"), gauss_kruger("EPSG:4527"), gauss_kruger("EPSG:28992")
    ((117.0, 0), (117.0, 39), None)
    """
    found = parsed(crs).sub_crs_list[0] if parsed(crs).is_compound else parsed(crs)
    operation = found.coordinate_operation
    if not found.is_projected or operation is None or operation.method_name != "Transverse Mercator":
        return None
    values = {int(p.code): float(p.value) for p in operation.params if p.code}
    zone, rest = divmod(values.get(8806, 0.0), 1e6)
    if rest != 500_000.0 or values.get(8805) != 1.0 or values.get(8801) != 0.0:
        return None
    return values[8802], int(zone)


def plane_of(crs: pyproj.CRS) -> pyproj.CRS:
    """Horizontal part of a CRS."""
    return crs.sub_crs_list[0] if crs.is_compound else crs.to_2d()


def is_ellipsoidal(crs: pyproj.CRS) -> bool:
    """Whether the heights of a CRS stand on its ellipsoid: three axes in one CRS."""
    return not crs.is_compound and len(crs.axis_info) == 3 and not crs.is_geocentric


@functools.lru_cache(maxsize=64)
def parsed(text: str) -> pyproj.CRS:
    """Parse a name of a CRS: a code, an OGC name of one, or WKT."""
    name = text.strip()
    urn = re.fullmatch(r"(?:urn:ogc:def:crs:|https?://www\.opengis\.net/def/crs/)(\w+)[:/][\w.]*[:/](\w+)", name)
    return _by_authority(pyproj.CRS.from_user_input(f"{urn[1]}:{urn[2]}" if urn else text))


def checked(text: str, where: str) -> pyproj.CRS:
    """Parse a name of a CRS; FrameError where PROJ does not know it."""
    try:
        return parsed(text)
    except CRSError:
        raise FrameError(where, got=f'"{text[:80]}"', want="a CRS that PROJ knows",
                         then='write an EPSG code such as "EPSG:4548+5737"') from None


def code_of(crs: pyproj.CRS) -> str:
    """Name a CRS by its authority code, or by its WKT where it has none."""
    authority = crs.to_authority(min_confidence=100)
    if authority:
        return ":".join(authority)
    if crs.is_compound:
        parts = [part.to_authority() for part in crs.sub_crs_list]
        if all(parts):
            return f"{parts[0][0]}:{parts[0][1]}+{parts[1][1]}"
    return str(crs.to_wkt())


def _by_authority(crs: pyproj.CRS) -> pyproj.CRS:
    """Take the CRS that a WKT's own AUTHORITY names, where it says the same.

    WKT 1 without AXIS is matched by parameters otherwise, and EPSG:4548 has those of EPSG:4509.
    """
    if crs.is_compound:
        parts = [_by_authority(part) for part in crs.sub_crs_list]
        codes = [part.to_authority(min_confidence=100) for part in parts]
        if crs.to_authority(min_confidence=100) or not all(codes):
            return crs
        return pyproj.CRS.from_user_input(f"{codes[0][0]}:{codes[0][1]}+{codes[1][1]}")
    named = crs.to_json_dict().get("id")
    if not isinstance(named, dict) or crs.to_authority(min_confidence=100):
        return crs
    try:
        found = pyproj.CRS.from_authority(named["authority"], named["code"])
    except CRSError:
        return crs
    return found if _alike(found, crs) else crs


def _alike(one: pyproj.CRS, other: pyproj.CRS) -> bool:
    """Whether two CRS have one ellipsoid, unit and projection, whatever they are called."""
    def said(crs: pyproj.CRS) -> tuple[object, ...]:
        """List what makes a CRS."""
        ball, operation = crs.ellipsoid, crs.coordinate_operation
        numbers = {p.code or p.name: round(float(p.value) * float(p.unit_conversion_factor), 9)
                   for p in (operation.params if operation else ())}
        return (ball and (round(ball.semi_major_metre, 3), round(ball.inverse_flattening, 6)),
                crs.axis_info[0].unit_conversion_factor if crs.axis_info else None, numbers,
                operation.method_name if operation else "")
    return one.type_name == other.type_name and said(one) == said(other)
