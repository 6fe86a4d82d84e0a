"""Where layers lie: axis order, zone numbers, local systems, offsets of web maps (domain E3)."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely

from converters.zoning.plans import FRAME, ORIGIN, box, layer, plan
from zonebox.checks.plan import check_plan
from zonebox.errors import FrameError, InputError
from zonebox.frame import Frame
from zonebox.frame.local_system import local_system
from zonebox.frame.placing import likely_crs, placed
from zonebox.geometry.mesh import Mesh
from zonebox.model import Building, Parcel, Plan, Scene, Terrain
from zonebox_converters.zoning import PlanSpec, extent, read
from zonebox_converters.zoning.disagreement import (
    bd09_offset_deg,
    gcj02_offset_deg,
    suspected_offset,
    suspected_places,
)

HERE = shapely.box(0, 0, 20, 30)


def moved(folder: Path, crs: str, change: tuple[float, ...]) -> Plan:
    """Read the lot L1 after its coordinates about (0, 0) + ORIGIN went through an affine (a, b, d, e, c, f)."""
    shape = shapely.affinity.affine_transform(shapely.affinity.translate(box(), *ORIGIN), change)
    back = shapely.affinity.translate(shape, -ORIGIN[0], -ORIGIN[1])      # `layer` puts the origin on again
    source = layer(folder / "lots.geojson", [back], [{"parcel": "L1"}])
    spec = PlanSpec(parcels=source, crs=crs)
    low = extent(spec, FRAME.crs, local_system=None)[:2]
    assert low == pytest.approx(ORIGIN, abs=0.01)
    return read(spec, FRAME)


SAME, SWAPPED = (1, 0, 0, 1, 0, 0), (0, 1, 1, 0, 0, 0)
PREFIXED, BOTH = (1, 0, 0, 1, 39e6, 0), (0, 1, 1, 0, 0, 39e6)


@pytest.mark.parametrize(("crs", "change", "said"), [
    ("EPSG:4548", SAME, ""), ("EPSG:4527", PREFIXED, ""),
    ("EPSG:4548", SWAPPED, "northing before easting"), ("EPSG:4527", BOTH, "northing before easting"),
    ("EPSG:4527", SAME, "eastings have no zone number; they are taken for zone 39"),
    ("EPSG:4548", PREFIXED, "begin with the zone number 39, which EPSG:4548"),
    ("EPSG:4548", BOTH, "begin with the zone number 39"),
    ("EPSG:4509", SAME, ""),                                  # 6-degree zone of the same meridian
])
def test_gauss_krueger_as_it_is_delivered(tmp_path: Path, crs: str, change: tuple[float, ...], said: str) -> None:
    found = moved(tmp_path, crs, change)
    assert found.parcels[0].shape.symmetric_difference(HERE).area < 1e-5
    told = [n for n in found.notes if "eastings" in n or "swapped" in n]
    assert bool(told) == bool(said)
    assert said in " ".join(told)


def test_a_zone_number_that_contradicts_the_meridian_is_refused() -> None:
    with pytest.raises(FrameError, match=r"eastings of zone 38 in EPSG:4548 .*central meridian is 117°.*EPSG:4526"):
        placed("EPSG:4548", [38511000, 4057000, 38512000, 4058000], where="lots.shp", key="plan.crs")


def test_degrees_in_either_order() -> None:
    there = placed("EPSG:4490", [36.60, 117.10, 36.61, 117.12], where="lots", key="plan.crs")
    assert there.swapped
    assert there.apply([[36.60, 117.10]]).tolist() == [[117.10, 36.60]]
    assert there.apply_bounds([36.60, 117.10, 36.61, 117.12]) == (117.10, 36.60, 117.12, 36.61)
    assert "latitude before longitude" in there.notes[0]
    assert placed("EPSG:4490", [117.1, 36.6, 117.2, 36.7], where="lots", key="plan.crs").plain


def test_dutch_coordinates_in_the_wrong_order_and_far_away() -> None:
    assert placed("EPSG:28992", [447000, 85000, 448000, 86000], where="lots", key="plan.crs").swapped
    away = placed("EPSG:28992", [2.4e6, 6.0e6, 2.5e6, 6.1e6], where="lots", key="plan.crs")
    assert "outside the area" in away.notes[0]


@pytest.mark.parametrize(("bounds", "candidate"), [
    ([39511000, 4057000, 39512000, 4058000], "EPSG:4527"), ([511000, 4057000, 512000, 4058000], "EPSG:4548"),
    ([4057000, 39511000, 4058000, 39512000], "EPSG:4527 (CGCS2000 3-degree zone 39) with northing before easting"),
    ([20511000, 4057000, 20512000, 4058000], "EPSG:4498"), ([117.1, 36.6, 117.2, 36.7], "EPSG:4490"),
    ([36.6, 117.1, 36.7, 117.2], "latitude before longitude"), ([85000, 447000, 86000, 448000], "EPSG:28992"),
    ([-8000.0, 12000.0, -7000.0, 13000.0], "[scene.local]"),
])
def test_a_missing_crs_names_likely_candidates(bounds: list[float], candidate: str) -> None:
    assert candidate in likely_crs(bounds)
    with pytest.raises(FrameError) as caught:
        placed(None, bounds, where="lots.shp", key="plan.crs")
    assert "lots.shp: got no CRS" in str(caught.value)
    assert candidate in str(caught.value)


TURN, SCALE, SHIFT = 1.25, 1.00004, (508000.0, 4052000.0)


def to_scene(x: float, y: float) -> tuple[float, float]:
    """A Helmert transformation written out."""
    c, s = SCALE * math.cos(math.radians(TURN)), SCALE * math.sin(math.radians(TURN))
    return SHIFT[0] + c * x - s * y, SHIFT[1] + s * x + c * y


PLACES = [(0.0, 0.0), (4000.0, 0.0), (4000.0, 5000.0), (0.0, 5000.0)]
EXACT = [[x, y, *to_scene(x, y)] for x, y in PLACES]


@pytest.mark.parametrize("table", [
    {"helmert": {"dx": SHIFT[0], "dy": SHIFT[1], "rotation_deg": TURN, "scale": SCALE}},
    {"control_points": EXACT}, {"control_points": EXACT, "method": "affine"}, {"control_points": EXACT[:2]},
])
def test_a_local_system_takes_lots_into_the_scene(tmp_path: Path, table: dict[str, object]) -> None:
    system = local_system(table, where="scene.local")
    corners = [(3000.0, 5000.0), (3020.0, 5000.0), (3020.0, 5030.0), (3000.0, 5030.0)]
    lot = shapely.affinity.translate(shapely.Polygon(corners), -ORIGIN[0], -ORIGIN[1])
    spec = PlanSpec(parcels=layer(tmp_path / "lots.geojson", [lot], [{"parcel": "L1"}]), crs="local")
    frame = Frame.near(FRAME.crs, SHIFT, local_system=system)
    found = read(spec, frame)
    expected = shapely.Polygon([to_scene(x, y) for x, y in corners])
    there = shapely.Polygon(frame.world(shapely.get_coordinates(found.parcels[0].shape)))
    assert there.symmetric_difference(expected).area < 1e-3
    assert extent(spec, FRAME.crs, local_system=system) == pytest.approx(expected.bounds, abs=0.01)
    row = dict(found.understood)["local system"]
    assert "rotation 1.25" in row
    assert ("residuals" in row) == (len(table.get("control_points", ())) > 2)      # type: ignore[arg-type]
    assert ("cannot show" in row) == (len(table.get("control_points", ())) == 2)   # type: ignore[arg-type]


def test_residuals_are_those_of_a_least_squares_fit() -> None:
    rng = np.random.default_rng(5)
    rows = [[x, y, e + rng.normal(0, 0.02), n + rng.normal(0, 0.02)] for x, y, e, n in EXACT]
    system = local_system({"control_points": rows}, where="scene.local")
    design = np.array([r for x, y, *_ in rows for r in ([x, -y, 1, 0], [y, x, 0, 1])], dtype=float)
    seen = np.array([v for *_, e, n in rows for v in (e, n)])
    fit = np.linalg.lstsq(design, seen - np.tile(SHIFT, 4), rcond=None)[0]      # the normal equations, independently
    gap = (design @ fit + np.tile(SHIFT, 4) - seen).reshape(-1, 2)
    np.testing.assert_allclose(system.residuals_m, gap, atol=2e-5)
    assert f"1: {np.hypot(*gap[0]) * 1000:.0f} mm" in str(system)


@pytest.mark.parametrize(("table", "said"), [
    ({}, "scene.local: got no parameters"),
    ({"affine": [1, 0, 0, 0, 1, 0], "helmert": {"dx": 0, "dy": 0}}, "helmert and affine"),
    ({"helmert": {"dx": 0}}, "scene.local.helmert"), ({"affine": [1, 2, 3]}, "six numbers"),
    ({"affine": [1, 1, 0, 1, 1, 0]}, "flatten"), ({"control_points": EXACT[:1]}, "1 control points, want 2 or more"),
    ({"control_points": EXACT[:2], "method": "affine"}, "want 3 or more"),
    ({"control_points": [EXACT[0]] * 3}, "one place several times"),
    ({"control_points": [[0, 0, 0, 0], [1, 1, 1, 1], [2, 2, 2, 2]], "method": "affine"}, "in one line"),
    ({"control_points": [*EXACT[:3], [*EXACT[3][:3], EXACT[3][3] + 2.0]]}, "a residual of"),
    ({"control_points": [[y, x, e, n] for x, y, e, n in EXACT]}, "x and y of the control points look swapped"),
    ({"control_points": [[1000 * x, 1000 * y, e, n] for x, y, e, n in EXACT]}, "a scale of 0.001"),
    ({"helmert": {"dx": 0, "dy": 0, "scale": 1000}}, "a scale of 1000"),
    ({"control_points": EXACT, "method": "spline"}, "one of helmert, affine"),
])
def test_bad_local_systems_are_refused(table: dict[str, object], said: str) -> None:
    with pytest.raises(InputError) as caught:
        local_system(table, where="scene.local")
    assert said in str(caught.value)


def test_local_without_parameters_says_what_to_add() -> None:
    with pytest.raises(FrameError, match=r"add \[scene.local\] with helmert, affine or control_points"):
        FRAME.enter([[0.0, 0.0]], "local")


# published pairs of WGS 84 and GCJ-02 (latitude, longitude): the test points of the eviltransform project
PAIRS = [((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
         ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
         ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657))]


@pytest.mark.parametrize(("wgs", "gcj"), PAIRS)
def test_the_offset_of_web_maps(wgs: tuple[float, float], gcj: tuple[float, float]) -> None:
    lon, lat = gcj02_offset_deg(wgs[1], wgs[0])
    assert (wgs[0] + lat, wgs[1] + lon) == pytest.approx(gcj, abs=1e-9)
    assert gcj02_offset_deg(4.4, 52.0) == bd09_offset_deg(4.4, 52.0) == (0.0, 0.0)
    _, _, metres = pyproj.Geod(ellps="WGS84").inv(wgs[1], wgs[0], wgs[1] + lon, wgs[0] + lat)
    assert 100 < metres < 700


def town(x: float = 0.0, y: float = 0.0) -> np.ndarray:
    """Irregular blocks with streets 16 m wide between."""
    rng = np.random.default_rng(3)
    xs, ys = np.cumsum(rng.uniform(60, 130, 14)) + x, np.cumsum(rng.uniform(60, 130, 14)) + y
    return np.array([shapely.box(a + 8, c + 8, b - 8, d - 8) for a, b in pairwise(xs) for c, d in pairwise(ys)])


def streets_of(lots: np.ndarray) -> np.ndarray:
    """Centrelines between the blocks."""
    boxes = shapely.bounds(lots)
    xs, ys = np.unique(boxes[:, 0]) - 8.0, np.unique(boxes[:, 1]) - 8.0
    low, high = boxes[:, :2].min(0), boxes[:, 2:].max(0)
    return np.array([*(shapely.LineString([(x, low[1]), (x, high[1])]) for x in xs),
                     *(shapely.LineString([(low[0], y), (high[0], y)]) for y in ys)])


@pytest.mark.parametrize(("datum", "between"), [("GCJ-02", False), ("GCJ-02", True), ("BD-09", False)])
@pytest.mark.parametrize("shifted", [0, 1])
def test_a_layer_from_a_web_map_is_suspected(datum: str, shifted: int, between: bool) -> None:
    lots = town()
    lines = streets_of(lots) if between else shapely.boundary(town())
    offset = gcj02_offset_deg if datum == "GCJ-02" else bd09_offset_deg

    def traced(xy: np.ndarray) -> np.ndarray:
        """Move each point by its own offset."""
        return FRAME.from_geographic([(lon + offset(lon, lat)[0], lat + offset(lon, lat)[1])
                                      for lon, lat in FRAME.lon_lat(xy).tolist()])

    pair = [lots, lines]
    pair[shifted] = shapely.transform(pair[shifted], traced)
    said = str(*suspected_offset(pair[0], pair[1], FRAME, names=("lots.shp", "lines.dxf"), between=between))
    step = (traced(np.array([[500.0, 500.0]])) - 500.0)[0]
    assert "lines.dxf and lots.shp disagree" in said
    assert f"if {('lots.shp', 'lines.dxf')[shifted]} is in {datum}" in said
    east = float(said.partition("offset of ")[2].partition(" m east")[0])
    assert east == pytest.approx(step[0], abs=5.0)


def test_layers_that_fit_and_layers_elsewhere_are_not_suspected(tmp_path: Path) -> None:
    lots = town()
    assert suspected_offset(lots, shapely.boundary(lots), FRAME, names=("a", "b")) == []
    assert suspected_offset(lots, town(3000.0, 2000.0), FRAME, names=("a", "b")) == []
    assert suspected_offset(lots, streets_of(lots), FRAME, names=("a", "b"), between=True) == []
    assert suspected_offset(lots, town(3000.0, 2000.0), FRAME, names=("a", "b"), between=True) == []
    rd = Frame.near("EPSG:7415", (85000, 447000))
    assert suspected_offset(lots, town(300.0, 200.0), rd, names=("a", "b")) == []
    street = (shapely.box(-100, -12, 100, 0), {"name": "South Street", "width_m": 12.0})
    assert not [n for n in plan(tmp_path, [box()], roads=[street]).notes if "disagree" in n]


def standing(lots: np.ndarray, step: np.ndarray) -> tuple[Building, ...]:
    """A house in the middle of each block, moved by a step."""
    found = []
    for number, lot in enumerate(lots):
        x, y = np.array(lot.centroid.coords[0]) + step
        mesh = Mesh(vertices=np.array([[x - 9, y - 9, 0], [x + 9, y - 9, 0], [x + 9, y + 9, 9], [x - 9, y + 9, 9]]),
                    triangles=np.array([[0, 1, 2], [0, 2, 3]]))
        found.append(Building(id=f"B{number}", name="", source="city.json", parcel=f"L{number}", mesh=mesh, elements=(),
                              triangle_element=np.zeros(2, np.int32), triangle_color=np.zeros((2, 4), np.uint8)))
    return tuple(found)


@pytest.mark.parametrize("what", ["terrain", "context", "designs"])
@pytest.mark.parametrize("off", [True, False])
def test_terrain_and_buildings_from_a_web_map_are_findings(what: str, off: bool) -> None:
    lots = town()
    lots = lots[(shapely.bounds(lots) < 500.0).all(axis=1)]         # a site: an offset takes it off its ground
    lon, lat = FRAME.lon_lat([[500.0, 500.0]])[0]
    d_lon, d_lat = gcj02_offset_deg(lon, lat)
    step = (FRAME.from_geographic([[lon + d_lon, lat + d_lat]]) - [[500.0, 500.0]])[0] * off
    parcels = tuple(Parcel(id=f"L{k}", shape=lot) for k, lot in enumerate(lots))
    ground = np.array([[*corner, 3.0] for corner in shapely.get_coordinates(shapely.box(*shapely.total_bounds(lots))
                                                                             .buffer(30.0))[:-1] + step])
    terrain = Terrain(mesh=Mesh(vertices=ground, triangles=np.array([[0, 1, 2]])), source="ground.laz",
                      max_error_m=0.1, rms_error_m=0.0, ground_points=len(ground))
    houses = standing(lots, step)
    scene = Scene(name="s", title="S", frame=FRAME, plan=Plan(source="lots.shp", parcels=parcels, controls=()),
                  terrain=terrain if what == "terrain" else None, context=houses if what == "context" else (),
                  designs=houses[:1] if what == "designs" else (), envelopes=())
    scene = replace(scene, disagreements=suspected_places(scene))
    found = [f for f in check_plan(scene) if f.check == "layers_disagree"]
    assert len(found) == off
    for finding in found:
        name = {"terrain": "ground.laz"}.get(what, "city.json")
        assert f"if {name} is in GCJ-02" in finding.reason
        assert finding.value == pytest.approx(np.hypot(*step), abs=5.0)
        assert finding.where.point is not None
