"""A maker of controls for every kind that shapes an envelope, from mild (0) to strict (1), on lots about the origin."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np
import shapely
from scipy.spatial import ConvexHull, Delaunay
from shapely.affinity import affine_transform
from shapely.geometry import LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from lots import AUTHORITY, parcel
from zonebox.geometry import profile
from zonebox.geometry.edgewise import Corner
from zonebox.geometry.mesh import Mesh
from zonebox.geometry.profile import Profile
from zonebox.model import (
    Approach,
    Basin,
    Control,
    ControlEnvelope,
    Datum,
    EdgeRole,
    EdgeSelector,
    FresnelLink,
    Kind,
    ObstacleSurfaces,
    OuterHorizontal,
    Parcel,
    SetbackTable,
    Slant,
    SolarFence,
    Surface,
    TakeOffClimb,
    Terrain,
    ViewCorridor,
)
from zonebox_converters.envelopes import build_one

Maker = Callable[[float], Control]
Shape: TypeAlias = Polygon | MultiPolygon

CAP: Final = Control(id="P/top", parcel="P", kind=Kind.HEIGHT_ABSOLUTE, limit=30.0, authority=AUTHORITY)
TABLE: Final = SetbackTable(road_widths=(math.inf,), heights=(10, 20, math.inf), distances_m=((2.0, 4.0, 6.0),))
WEST: Final = shapely.box(-200.0, -200.0, 3.0, 200.0)
BASIN: Final = Basin(
    inner_horizontal_height_m=45.0, inner_horizontal_radius_m=4000.0, conical_slope=0.05, conical_height_m=100.0,
    transitional_slope=0.143, strip_half_width_m=140.0,
    approach=Approach(from_threshold_m=60.0, inner_width_m=280.0, divergence=0.15,
                      sections=((3000.0, 0.02), (3600.0, 0.025), (8400.0, 0.0))))
CLIMB: Final = TakeOffClimb(from_end_m=60.0, inner_width_m=180.0, divergence=0.125, final_width_m=1800.0,
                            length_m=15000.0, slope=0.02)


def control(kind: Kind, **values: object) -> Control:
    """A control of a kind."""
    return Control(id="P/r", parcel="P", kind=kind, authority=AUTHORITY, **values)  # type: ignore[arg-type]


def height(datum: Datum, zone: BaseGeometry | None = None) -> Maker:
    """A height over a ground reference."""
    return lambda t: control(Kind.HEIGHT, limit=24.0 - 15.0 * t, datum=datum, zone=zone)


def edges(kind: Kind, made: Callable[[float], Profile], **values: object) -> Maker:
    """A rule on edges."""
    return lambda t: control(kind, profile=made(t), **values)


def surface(kind: Kind, made: Callable[[float], Surface]) -> Maker:
    """A surface from outside the lot."""
    return lambda t: control(kind, surface=made(t))


def runway(t: float, x: float, y: float, **surfaces: object) -> ObstacleSurfaces:
    """A runway that ends at a place, lower where it is stricter."""
    level = 6.0 - 8.0 * t
    return ObstacleSurfaces(thresholds=((x, y, level), (x - 3000.0, y, level)), aerodrome_m=level,
                            **surfaces)  # type: ignore[arg-type]


def sun(hour_deg: float, altitude_deg: float) -> tuple[float, float, float]:
    """Unit vector towards a sun at a bearing."""
    a, b = math.radians(altitude_deg), math.radians(hour_deg)
    return math.sin(b) * math.cos(a), math.cos(b) * math.cos(a), math.sin(a)


LINE: Final = LineString([(-200.0, -14.0), (10.0, -11.0), (200.0, -20.0)])
KINDS: Final[Mapping[str, Maker]] = {
    **{f"height over {d.value}": height(d) for d in Datum if d not in {Datum.ABSOLUTE, Datum.BOUNDARY_GROUND}},
    "height in a zone": height(Datum.DESIGN_GROUND, WEST),
    "terrain-following height in a zone": height(Datum.TERRAIN_FOLLOWING, WEST),
    "elevation": lambda t: control(Kind.HEIGHT_ABSOLUTE, limit=30.0 - 12.0 * t),
    "storeys": lambda t: control(Kind.STOREYS, limit=7.0 - 4.0 * t, storey_height_m=3.3),
    "fixed setback": edges(Kind.SETBACK, lambda t: profile.fixed(1.0 + 4.0 * t)),
    "mitred setback": edges(Kind.SETBACK, lambda t: profile.fixed(1.0 + 4.0 * t), corner=Corner.MITRE),
    "radial setback": edges(Kind.SETBACK, lambda t: profile.fixed(1.0 + 4.0 * t), corner=Corner.RADIAL),
    "setback of a role": edges(Kind.SETBACK, lambda t: profile.fixed(1.0 + 6.0 * t), edges=EdgeSelector(
        roles=("front",))),
    "setback of edges": edges(Kind.SETBACK, lambda t: profile.fixed(1.0 + 6.0 * t), edges=EdgeSelector(indices=(0, 2))),
    "setback by compass": edges(Kind.SETBACK, lambda t: profile.fixed(1.0 + 6.0 * t), edges=EdgeSelector(
        sector_deg=(300.0, 80.0))),
    "tiers": edges(Kind.SETBACK, lambda t: profile.tiers(((0.0, 1.0 + t), (9.0, 3.0 + 3.0 * t)))),
    "tiers in a zone": edges(Kind.SETBACK, lambda t: profile.tiers(((0.0, 1.0 + t), (9.0, 3.0 + 3.0 * t))), zone=WEST),
    "tiers from a line": edges(Kind.SETBACK, lambda t: profile.tiers(((0.0, 3.0 + t), (9.0, 6.0 + 3.0 * t))),
                               line=LINE),
    "distance area": edges(Kind.PROPORTIONAL, lambda t: profile.proportional(0.2 + 0.2 * t, 3.0),
                           datum=Datum.BOUNDARY_GROUND),
    "distance area over average grade": edges(Kind.PROPORTIONAL, lambda t: profile.proportional(0.2 + 0.2 * t, 3.0),
                                              datum=Datum.AVERAGE),
    "sky exposure": edges(Kind.PROFILE, lambda t: Profile(
        points=((12.0 - 6.0 * t, 4.0), (12.0 - 6.0 * t + 4.0 * 2.7, 4.0)), slope=1.0 / 2.7, from_below=False),
        datum=Datum.CURB, edges=EdgeSelector(roles=("front",))),
    "rescode": edges(Kind.PROFILE, lambda t: Profile(points=((0.0, 1.0 + t), (3.6, 1.0 + t), (6.9, 1.99 + t)),
                                                     slope=1.0), datum=Datum.BOUNDARY_GROUND),
    "angular plane": edges(Kind.PROFILE, lambda t: Profile(points=((0.0, 3.0), (10.5 - 6.0 * t, 3.0)), slope=1.0)),
    "recession": edges(Kind.RECESSION, lambda t: profile.recession(6.0 - 3.0 * t, 60.0 - 20.0 * t),
                       datum=Datum.BOUNDARY_GROUND),
    "recession in a zone": edges(Kind.RECESSION, lambda t: profile.recession(6.0 - 3.0 * t, 60.0 - 20.0 * t),
                                 zone=WEST),
    "setback by class": lambda t: control(Kind.SETBACK_CLASS, table=replace(
        TABLE, distances_m=((2.0 + t, 4.0 + t, 6.0 + t),))),
    "road slant": lambda t: control(Kind.ROAD_SLANT, slant=Slant(slope=1.5 - 0.5 * t, applicable_m=22.0),
                                    edges=EdgeSelector(roles=("front",))),
    "road slant with an own setback": lambda t: control(
        Kind.ROAD_SLANT, slant=Slant(slope=1.5 - 0.5 * t, own_setback_m=2.0, applicable_m=30.0),
        edges=EdgeSelector(roles=("front",))),
    "north slant": lambda t: control(Kind.NORTH_SLANT, slant=Slant(slope=1.25, base_m=10.0 - 5.0 * t)),
    "no-build ground": lambda t: control(Kind.NO_BUILD, zone=Point(0.0, -15.0).buffer(4.0 + 6.0 * t)),
    "view corridor": surface(Kind.VIEW_CORRIDOR, lambda t: ViewCorridor(
        eye=((-150.0, -30.0, 12.0 - 4.0 * t),), target=((200.0, -10.0, 14.0 - 4.0 * t),
                                                             (210.0, 40.0, 16.0 - 4.0 * t)))),
    "view corridor with a margin": surface(Kind.VIEW_CORRIDOR, lambda t: ViewCorridor(
        eye=((-150.0, -30.0, 9.0),), target=((200.0, 10.0, 14.0),), margin_m=2.0 + 8.0 * t)),
    "approach": surface(Kind.OBSTACLE, lambda t: runway(t, -500.0, 20.0, basin=BASIN)),
    "transitional surface": surface(Kind.OBSTACLE, lambda t: runway(t, 600.0, -190.0, basin=BASIN)),
    "conical surface": surface(Kind.OBSTACLE, lambda t: runway(t + 4.0, -3800.0, -1500.0, basin=BASIN)),
    "take-off climb": surface(Kind.OBSTACLE, lambda t: runway(t, -500.0, 85.0, take_off=CLIMB)),
    "outer horizontal": surface(Kind.OBSTACLE, lambda t: runway(t, -5000.0, 85.0, outer=OuterHorizontal(
        height_m=10.0, above_ground_m=12.0, radius_m=15000.0))),
    "radio link": surface(Kind.FRESNEL, lambda t: FresnelLink(
        ends=((-900.0, 5.0, 24.0), (1100.0, -9.0, 26.0)), frequency_ghz=6.0, share=0.4 + 0.6 * t)),
    "protected sunlight": surface(Kind.SOLAR, lambda t: SolarFence(
        edges=(((-60.0, 40.0, 0.0), (60.0, 40.0, 0.0)),), fence_m=3.0 - 3.0 * t,
        suns=(sun(150.0, 22.0), sun(180.0, 27.0), sun(210.0, 22.0)))),
}
"""What shapes an envelope -> its control by strictness."""


def lot(seed: int) -> Shape:
    """A lot of about 2000 m²: convex, crooked, with a hole, or in two parts."""
    rng = np.random.default_rng(seed)
    angle = (np.arange(7) + rng.uniform(0.2, 0.8, 7)) * (2.0 * math.pi / 7.0)
    radius = rng.uniform(18.0, 34.0, 7)
    corners = np.c_[radius * np.cos(angle), radius * np.sin(angle)]
    form = seed % 4
    made = Polygon(corners[ConvexHull(corners).vertices] if form == 0 else corners)
    if form == 2:
        made = made.difference(Polygon([(-4.0, -3.0), (4.0, -2.0), (-1.0, 4.0)]))
    if form == 3:
        made = shapely.box(-26.0, -20.0, -2.0, 22.0).union(Polygon([(3.0, -20.0), (30.0, -16.0), (24.0, 19.0)]))
    return shapely.orient_polygons(made)


def ground(rise: tuple[float, float]) -> Terrain:
    """Plane ground over and round every lot."""
    xs, ys = np.meshgrid(np.linspace(-90.0, 90.0, 7), np.linspace(-90.0, 90.0, 6))
    vertices = np.c_[xs.ravel(), ys.ravel(), 5.0 + rise[0] * xs.ravel() + rise[1] * ys.ravel()]
    triangles = Delaunay(vertices[:, :2]).simplices.astype(np.int32)
    return Terrain(mesh=Mesh(vertices=vertices, triangles=triangles), source="plane", max_error_m=0.0, rms_error_m=0.0,
                   ground_points=len(vertices))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Turn:
    """A turn about the origin, counter-clockwise, and then a shift."""

    degrees: float
    east: float
    north: float

    @property
    def matrix(self) -> list[float]:
        """As shapely takes it."""
        c, s = math.cos(math.radians(self.degrees)), math.sin(math.radians(self.degrees))
        return [c, -s, s, c, self.east, self.north]

    def place(self, p: tuple[float, float, float]) -> tuple[float, float, float]:
        """Move a point."""
        a, b, c, d, east, north = self.matrix
        return a * p[0] + b * p[1] + east, c * p[0] + d * p[1] + north, p[2]

    def points(self, xy: np.ndarray) -> np.ndarray:
        """Move points (n, 2)."""
        a, b, c, d, east, north = self.matrix
        return np.asarray(xy @ np.array([[a, c], [b, d]]) + [east, north])

    def control(self, one: Control) -> Control:
        """Move what a control holds of the plan."""
        def flat(shape: BaseGeometry | None) -> BaseGeometry | None:
            return None if shape is None else affine_transform(shape, self.matrix)

        return replace(one, zone=flat(one.zone), line=flat(one.line), surface=self.surface(one.surface))

    def surface(self, s: Surface | None) -> Surface | None:
        """Move a surface."""
        if isinstance(s, ViewCorridor):
            return replace(s, eye=tuple(map(self.place, s.eye)), target=tuple(map(self.place, s.target)))
        if isinstance(s, FresnelLink):
            return replace(s, ends=(self.place(s.ends[0]), self.place(s.ends[1])))
        if isinstance(s, ObstacleSurfaces):
            return replace(s, thresholds=(self.place(s.thresholds[0]), self.place(s.thresholds[1])))
        if isinstance(s, SolarFence):
            a, b, c, d, *_ = self.matrix
            suns = tuple((a * x + b * y, c * x + d * y, z) for x, y, z in s.suns)
            return replace(s, edges=tuple((self.place(p), self.place(q)) for p, q in s.edges), suns=suns)
        return s

    def ground(self, terrain: Terrain) -> Terrain:
        """Move the ground."""
        v = terrain.mesh.vertices
        return replace(terrain, mesh=Mesh(vertices=np.c_[self.points(v[:, :2]), v[:, 2]],
                                          triangles=terrain.mesh.triangles))


def built(shape: Shape, one: Control, terrain: Terrain, turn: Turn | None = None) -> ControlEnvelope:
    """The envelope of a lot under a control and a cap, as it lies or turned; roles and road widths move along."""
    lies = parcel(shape, None)
    line = lies.boundary
    front = int(np.argmax(np.where(line.hole, 0.0, line.inward[:, 1] * line.length)))
    edges_of = tuple(replace(e, role=EdgeRole.FRONT, road_width_m=6.0) if e.index == front else
                     replace(e, role=EdgeRole.SIDE) for e in lies.edges)
    controls, north = (one, CAP), 0.0
    if turn is not None:
        shape, north = affine_transform(shape, turn.matrix), turn.degrees
        controls, terrain = (turn.control(one), CAP), turn.ground(terrain)
    made = build_one(Parcel(id="P", shape=shape, edges=edges_of), controls, terrain.index, terrain=terrain,
                     convergence_deg=north)
    assert made is not None
    return made
