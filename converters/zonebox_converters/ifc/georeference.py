"""Decide where a building stands: every statement of the file is weighed, one governs, the others are measured.

The order is fixed: map conversion, ePSet, coordinates baked into the geometry, latitude and longitude of the site,
placement in the scene file. The first that is usable and lies within `REACH_M` of the scene governs; so an office's
default latitude, or a file georeferenced twice, is recognised by where it leads.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zonebox.errors import FrameError, InputError
from zonebox.frame import (
    Entry,
    Frame,
    crs_label,
    has_vertical,
    height_unit_m,
    is_geographic,
    known_crs,
    same_horizontal,
    unit_m,
)
from zonebox.model import GeoreferenceNote
from zonebox_converters.ifc.stated import BAKED_M, Conversion, Stated, Vector

REACH_M: Final = 100_000.0
"""A design farther than this from the scene's origin is not in the scene."""

LATITUDE_REACH_M: Final = 20_000.0
"""A site latitude and longitude farther than this from the scene's origin is an office's default."""

DEFAULT_M: Final = 1000.0
"""Where the scene file places a design this far from the file's latitude and longitude, those are a default."""

GRID_SCALE: Final = 0.003
"""A map scale within this of 1 is the projection's scale factor at the site (UTM's edges and high plateaus stay
below 0.002); anything farther off is a mistake about units."""

RECIPROCAL: Final = 1e-4
"""A Scale whose inverse fits the units this well was written the other way round."""

EARTH_M: Final = 6_371_008.8
"""Mean radius of the earth (IUGG), for distances too long for a map."""

_DATUMS: Final = {"1985": "EPSG:5737", "1956": "EPSG:5736", "黄海": "EPSG:5736"}
"""Words in the names of vertical datums that PROJ does not know by those names."""
_LATITUDE_M: Final = 1.0
"""Good to so much is a place by latitude and longitude, which name no datum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where the scene file puts a design: the file's origin in the scene's CRS, turned anticlockwise."""

    easting: float
    northing: float
    elevation: float
    rotation_deg: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """File coordinates (metres) -> frame: scale, turn about the anchor, shift the anchor to ``target``."""

    anchor: Vector
    target: Vector
    rotation_deg: float = 0.0
    scale: Vector = (1.0, 1.0, 1.0)

    @property
    def linear(self) -> NDArray[np.float64]:
        """What it does to a direction: scale, then turn (3, 3)."""
        angle = math.radians(self.rotation_deg)
        c, s = math.cos(angle), math.sin(angle)
        return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]) * self.scale

    def apply(self, points: ArrayLike) -> NDArray[np.float64]:
        """Bring points (n, 3) into the frame."""
        moved: NDArray[np.float64] = (np.asarray(points, dtype=np.float64) - self.anchor) @ self.linear.T + self.target
        return moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The pose that governs, every statement weighed, how the governing one came into the frame."""

    pose: Pose
    notes: tuple[GeoreferenceNote, ...]
    entry: Entry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    kind: str
    text: str
    pose: Pose | None
    off_m: float = 0.0
    lon_lat: tuple[float, float] | None = None
    error: FrameError | None = None
    entry: Entry | None = None


def place(said: Stated, frame: Frame, *, placement: Placement | None = None, where: str = "ifc") -> Placed:
    """Weigh the statements of a file and place it.

    Raises
    ------
    InputError
        Nothing says where the building stands, or all that is said leads far from the scene.
    FrameError
        The file's CRS cannot be brought into the scene's exactly.
    """
    candidates = list(_candidates(said, frame, placement, where))
    chosen = _chosen(candidates)
    refused = next((c.error for c in candidates if c.error is not None), None)
    if refused is not None and (chosen is None or chosen.kind == "site_latlon"):
        raise refused
    if chosen is None or chosen.pose is None:
        raise _unplaced(candidates, frame, where)
    entry = chosen.entry or Entry(crs=frame.crs, operation=chosen.text, accuracy_m=None, height_shift_m=0.0)
    if chosen.kind == "site_latlon":
        entry = Entry(crs="EPSG:4326", operation=chosen.text, accuracy_m=_LATITUDE_M, height_shift_m=None)
    return Placed(pose=chosen.pose, notes=tuple(_note(c, chosen, frame, said) for c in candidates), entry=entry)


def _chosen(candidates: list[_Candidate]) -> _Candidate | None:
    """Find the first statement that leads into the scene.

    Latitudes are often an office's default: one that contradicts the scene file's own placement loses.
    """
    near = [c for c in candidates if c.pose is not None and c.off_m <= REACH_M]
    best = next(iter(near), None)
    if best is not None and best.kind == "site_latlon" and near[-1].kind == "scene_placement":
        assert best.pose is not None
        assert near[-1].pose is not None
        if math.dist(best.pose.target[:2], near[-1].pose.target[:2]) > DEFAULT_M:
            return near[-1]
    return best


def _candidates(said: Stated, frame: Frame, placement: Placement | None, where: str) -> Iterator[_Candidate]:
    for conversion in said.conversions:
        yield _converted(conversion, said, frame, where)
    if _is_baked(said):
        yield _baked(said, frame)
    if said.lat_lon is not None:
        yield _by_latitude(said, frame)
    if placement is not None:
        x, y = frame.local([[placement.easting, placement.northing]])[0]
        at_origin = Pose(anchor=(0.0, 0.0, 0.0), target=(float(x), float(y), placement.elevation),
                         rotation_deg=placement.rotation_deg)
        pose = _about(at_origin, said.anchor)
        text = (f"placement in the scene file: E {placement.easting:.3f} N {placement.northing:.3f} "
                f"H {placement.elevation:.3f} m, turned {placement.rotation_deg:.2f}° anticlockwise")
        yield _Candidate(kind="scene_placement", text=text, pose=pose, off_m=_off(pose))


def _converted(conversion: Conversion, said: Stated, frame: Frame, where: str) -> _Candidate:
    """Follow a map conversion into the frame."""
    crs, remarks = _crs_of(conversion, frame, where)
    if is_geographic(crs):
        text = f"{conversion.label} leads to {crs_label(crs)}, in degrees, and cannot place a building"
        return _Candidate(kind=conversion.kind, text=text, pose=None)
    named = unit_m(crs)
    tried = []
    units = [conversion.map_unit_m or named]
    if not _is_baked(said):     # map coordinates twice: one of them in millimetres would hardly move the other
        units.append(said.unit_m)
    for map_unit in dict.fromkeys(units):
        scale, remark = _scale(conversion, said.unit_m, map_unit)
        try:
            pose = _into_frame(conversion, said, frame, crs, scale, map_unit, where)
        except FrameError as error:
            if not error.got.startswith("coordinates outside"):
                return _Candidate(kind=conversion.kind, text=f"{conversion.label}: {error}", pose=None, error=error)
            continue
        tried.append((pose, scale, map_unit, remark))
    near = next((t for t in tried if _off(t[0]) <= REACH_M), tried[0] if tried else None)
    written = f"{conversion.label} in {_label(crs)}: E {conversion.east:.3f} N {conversion.north:.3f}"
    if near is None:
        return _Candidate(kind=conversion.kind, text=f"{written} lies outside the area of that CRS", pose=None)
    pose, scale, map_unit, remark = near
    tall = _height_unit(conversion, crs, map_unit)
    if tall != map_unit:
        remarks.append(f"the height is read in the unit of the CRS's heights ({tall:.7g} m)")
    if map_unit != (conversion.map_unit_m or named):
        remarks.append(f"eastings and northings are read in the file's unit ({map_unit:g} m)")
    turned = math.degrees(math.atan2(conversion.ordinate, conversion.abscissa))
    text = f"{written} H {conversion.height:.3f}, turned {turned:.2f}° anticlockwise"
    place = (conversion.east * map_unit / unit_m(crs), conversion.north * map_unit / unit_m(crs), conversion.height)
    return _Candidate(kind=conversion.kind, text="; ".join(filter(None, [text, remark, *remarks])), pose=pose,
                      off_m=_off(pose), entry=frame.entry(crs, place, where=where))


def _into_frame(conversion: Conversion, said: Stated, frame: Frame, crs: str, scale: Vector, map_unit: float,
                where: str) -> Pose:
    """Helmert transformation in the file's CRS, then the turn that a change of CRS brings at the building."""
    ax, ay, az = (value * factor for value, factor in zip(said.anchor, scale, strict=True))
    turn = math.atan2(conversion.ordinate, conversion.abscissa)
    east = conversion.east * map_unit + math.cos(turn) * ax - math.sin(turn) * ay
    north = conversion.north * map_unit + math.sin(turn) * ax + math.cos(turn) * ay
    height = conversion.height * _height_unit(conversion, crs, map_unit) + az
    arm = 50.0
    ends = np.array([[east + k * arm * math.cos(turn), north + k * arm * math.sin(turn), height] for k in (-1, 0, 1)])
    ends /= (unit_m(crs), unit_m(crs), height_unit_m(crs))
    back, at, ahead = frame.enter(ends, crs, where=where)
    dx, dy = (ahead - back)[:2]
    if same_horizontal(crs, frame.crs):
        rotation, ratio = math.degrees(turn), 1.0
    else:
        rotation, ratio = math.degrees(math.atan2(dy, dx)), math.hypot(dx, dy) / (2 * arm)
    if scale == (1.0, 1.0, 1.0):
        ratio = 1.0  # the file measures on the ground, in every map
    return Pose(anchor=said.anchor, target=(float(at[0]), float(at[1]), float(at[2])), rotation_deg=rotation,
                scale=(scale[0] * ratio, scale[1] * ratio, scale[2]))


def _height_unit(conversion: Conversion, crs: str, map_unit: float) -> float:
    """Metres in the unit of OrthogonalHeight: MapUnit holds for all axes, else a compound CRS has one for heights."""
    if conversion.map_unit_m is not None or map_unit != unit_m(crs) or conversion.vertical or not has_vertical(crs):
        return map_unit
    return height_unit_m(crs)


def _scale(conversion: Conversion, file_unit: float, map_unit: float) -> tuple[Vector, str]:
    """Metres on the map for a metre in the file, per axis, and what had to be decided about it."""
    fits = file_unit / map_unit
    written = 1.0 if conversion.scale is None else conversion.scale
    x, y, z = (written * factor / fits for factor in conversion.factors)
    if conversion.factors != (1.0, 1.0, 1.0) and max(abs(x - 1.0), abs(y - 1.0), abs(z - 1.0)) <= GRID_SCALE:
        return (x, y, z), f"Scale and factors make {x:.7g}, {y:.7g}, {z:.7g} of the lengths, which is applied"
    factor, remark = written / fits, ""
    if conversion.kind == "rigid_operation" or abs(factor - 1.0) <= 1e-6:
        factor = 1.0
    elif abs(factor - 1.0) <= GRID_SCALE:
        remark = f"Scale {written:g} holds a map scale factor of {factor:.7g}, which is applied"
    elif conversion.scale is None or written == 1.0:
        said = "no Scale is given" if conversion.scale is None else "Scale is 1"
        factor, remark = 1.0, f"{said} although the units ask for {fits:g}: the units decide"
    elif written and abs(1.0 / written / fits - 1.0) <= RECIPROCAL:
        factor, remark = 1.0, f"Scale {written:.7g} is written the other way round: the units decide"
    else:
        factor, remark = 1.0, f"Scale {written:.7g} does not fit the units, which ask for {fits:.7g}: the units decide"
    if conversion.factors != (1.0, 1.0, 1.0):
        named = ", ".join(f"{value:.7g}" for value in conversion.factors)
        remark = "; ".join(filter(None, [remark, f"factors {named} do not fit the units either and are not applied"]))
    return (factor, factor, factor), remark


def _crs_of(conversion: Conversion, frame: Frame, where: str) -> tuple[str, list[str]]:
    """CRS of a statement: by name, by WKT, else the scene's own; with its vertical datum where that is known."""
    remarks: list[str] = []
    crs = ""
    for text in (conversion.crs, conversion.wkt):
        try:
            crs = crs or (known_crs(text.strip(), where=where) if text.strip() else "")
        except FrameError:
            continue
    if not crs:
        named = f'the CRS name "{conversion.crs[:40]}" is unknown' if conversion.crs else "no CRS is named"
        return frame.crs, [f"{named}: the scene's is taken"]
    if conversion.crs.strip().isdigit():
        remarks.append(f'the CRS name "{conversion.crs.strip()}" is read as {crs}')
    if has_vertical(crs) or is_geographic(crs):
        return crs, remarks
    if not conversion.vertical:
        return crs, [*remarks, f"no vertical datum is named: heights are taken as {frame.vertical_label}"]
    vertical = vertical_of(conversion.vertical, where)
    if vertical == frame.vertical:
        return crs, remarks
    if vertical and crs.startswith("EPSG:"):
        return known_crs(f"{crs}+{vertical.removeprefix('EPSG:')}", where=where), remarks
    return crs, [
        *remarks, f'vertical datum "{conversion.vertical}" is unknown: heights are taken as {frame.vertical_label}']


def vertical_of(name: str, where: str) -> str:
    """Code of a vertical datum by the name that a file gives it; "" where it is not known."""
    for word, code in _DATUMS.items():
        if word in name:
            return code
    for text in (f"{name.strip()} height", name.strip()):
        try:
            found = known_crs(text, where=where)
        except FrameError:
            continue
        if has_vertical(found) and found.startswith("EPSG:") and "+" not in found:
            return found
    return ""


def _is_baked(said: Stated) -> bool:
    """Whether the file's own coordinates are those of a map."""
    return max(abs(said.anchor[0]), abs(said.anchor[1])) > BAKED_M


def _baked(said: Stated, frame: Frame) -> _Candidate:
    """Take the file's coordinates for coordinates of the scene's CRS."""
    x, y, z = said.anchor
    east, north = frame.local([[x, y]])[0]
    pose = Pose(anchor=said.anchor, target=(float(east), float(north), z))
    swapped = math.hypot(*frame.local([[y, x]])[0])
    text = f"coordinates of the geometry itself, about E {x:.0f} N {y:.0f}, taken as {_label(frame.crs)}"
    if _off(pose) > REACH_M >= swapped:
        text += "; they look like northing before easting, which mirrors a model: export it with easting first"
    return _Candidate(kind="baked", text=text, pose=pose, off_m=_off(pose))


def _by_latitude(said: Stated, frame: Frame) -> _Candidate:
    """Stand the site's origin on its latitude and longitude, turned from true north to grid north."""
    assert said.lat_lon is not None
    lat, lon = said.lat_lon
    text = f"IfcSite latitude {lat:.6f}, longitude {lon:.6f}"
    off = _great_circle((lon, lat), _lon_lat(frame, (0.0, 0.0)))
    if off > LATITUDE_REACH_M:
        return _Candidate(kind="site_latlon", text=text, pose=None, off_m=off, lon_lat=(lon, lat))
    x, y = frame.from_geographic([[lon, lat]])[0]
    gamma = frame.convergence_deg((x, y))
    rotation = round(90.0 + gamma - math.degrees(math.atan2(said.true_north[1], said.true_north[0])), 9)
    elevation = said.ref_elevation_m or 0.0
    at_site = Pose(anchor=said.site_origin, target=(float(x), float(y), elevation), rotation_deg=rotation)
    pose = _about(at_site, said.anchor)
    text += f", elevation {elevation:.3f} m, turned {rotation + 0.0:.2f}° anticlockwise"
    return _Candidate(kind="site_latlon", text=text, pose=pose, off_m=_off(pose), lon_lat=(lon, lat))


def _about(pose: Pose, anchor: Vector) -> Pose:
    """Write the same pose about another anchor."""
    x, y, z = (float(value) for value in pose.apply([anchor])[0])
    return replace(pose, anchor=anchor, target=(x, y, z))


def _off(pose: Pose) -> float:
    return math.hypot(*pose.target[:2])


def _note(candidate: _Candidate, chosen: _Candidate, frame: Frame, said: Stated) -> GeoreferenceNote:
    """Turn a weighed statement into a note; the conflict is the plan distance between the two places."""
    assert chosen.pose is not None
    if candidate is chosen:
        return GeoreferenceNote(kind=candidate.kind, text=f"{candidate.text}; this governs", used=True)
    if candidate.pose is None and candidate.lon_lat is None:
        return GeoreferenceNote(kind=candidate.kind, text=f"{candidate.text}; not used", used=False)
    if candidate.pose is None or candidate.off_m > REACH_M:
        apart = candidate.off_m
        if candidate.lon_lat is not None:
            at = chosen.pose.apply([said.site_origin])[0]
            apart = _great_circle(candidate.lon_lat, _lon_lat(frame, (float(at[0]), float(at[1]))))
        text = f"{candidate.text}; {apart / 1000:,.0f} km from where the building stands: not used"
        return GeoreferenceNote(kind=candidate.kind, text=text, used=False, conflict_m=apart)
    gap = np.subtract(candidate.pose.target, chosen.pose.target)
    apart = float(math.hypot(gap[0], gap[1]))
    turn = (candidate.pose.rotation_deg - chosen.pose.rotation_deg + 180.0) % 360.0 - 180.0
    text = f"{candidate.text}; {apart:,.2f} m away, {gap[2]:+.2f} m in height, {turn:+.2f}° in turn: not used"
    return GeoreferenceNote(kind=candidate.kind, text=text, used=False, conflict_m=apart)


def _unplaced(candidates: list[_Candidate], frame: Frame, where: str) -> InputError:
    east, north = frame.origin
    then = (f"write placement = {{ easting = {east:.1f}, northing = {north:.1f}, elevation = 0.0, rotation_deg = 0 }} "
            "with your values into this [[design]] of scene.toml")
    if not candidates:
        return InputError(where, got="a model that does not say where it stands",
                          want="a map conversion or a placement", then=then)
    nearest = min((c.off_m for c in candidates if c.off_m > 0), default=0.0)
    got = (f"a model {nearest / 1000:,.0f} km from the scene ({candidates[0].text})" if nearest
           else f"a georeference that leads nowhere ({candidates[0].text})")
    return InputError(where, got=got, want=f"a place within {REACH_M / 1000:.0f} km", then=then)


def _lon_lat(frame: Frame, point: tuple[float, float]) -> tuple[float, float]:
    lon, lat = frame.lon_lat([point])[0]
    return float(lon), float(lat)


def _great_circle(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Distance over the sphere between two (longitude, latitude), metres."""
    (lon1, lat1), (lon2, lat2) = ((math.radians(a), math.radians(b)) for a, b in (one, other))
    haversine = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(haversine)))


def _label(crs: str) -> str:
    label = crs_label(crs)
    return label if len(label) <= 80 else label.split('"')[1] if '"' in label else label[:80]
