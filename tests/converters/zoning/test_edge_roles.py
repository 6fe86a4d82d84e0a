"""Front, side, rear and street on lots whose answer a person can give (domain C1)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from converters.zoning.plans import box, plan, roles
from zonebox.frame import Frame
from zonebox_converters.zoning import PlanSpec, extent, read

SOUTH = (shapely.box(-100, -12, 100, 0), {"name": "South Street", "width_m": 12.0})
WEST = (shapely.box(-20, 0, 0, 100), {"name": "West Avenue", "width_m": 20.0})
NORTH = (shapely.box(0, 30, 100, 38), {"name": "North Lane", "width_m": 8.0})


def test_mid_block(tmp_path: Path) -> None:
    lot = plan(tmp_path, [box(x=10)], roads=[SOUTH]).parcels[0]
    assert roles(lot) == ["front", "side", "rear", "side"]
    front = lot.edges[0]
    assert (front.road, front.road_width_m) == ("South Street", 12.0)
    assert front.confidence > 0.9
    assert "South Street" in front.reason
    assert lot.edges[1].road == ""


def test_corner_lot_fronts_on_the_wider_street(tmp_path: Path) -> None:
    lot = plan(tmp_path, [box()], roads=[SOUTH, WEST]).parcels[0]
    assert roles(lot) == ["street_side", "rear", "side", "front"]
    assert "widest" in lot.edges[3].reason


def test_corner_lot_between_equal_streets_fronts_with_its_short_side(tmp_path: Path) -> None:
    equal = (WEST[0], {"name": "West Avenue", "width_m": 12.0})
    lot = plan(tmp_path, [box()], roads=[SOUTH, equal]).parcels[0]
    assert roles(lot) == ["front", "side", "rear", "street_side"]
    assert lot.edges[0].confidence < 0.7


def test_a_declared_main_road_governs(tmp_path: Path) -> None:
    lot = plan(tmp_path, [box()], [{"parcel": "L1", "front_road": "South Street"}], roads=[SOUTH, WEST]).parcels[0]
    assert roles(lot) == ["front", "side", "rear", "street_side"]


def test_a_primary_road_goes_before_a_wide_one(tmp_path: Path) -> None:
    primary = (SOUTH[0], {**SOUTH[1], "primary": "yes"})
    lot = plan(tmp_path, [box()], roads=[primary, WEST]).parcels[0]
    assert roles(lot)[0] == "front"


def test_widths_are_measured_where_the_layer_has_none(tmp_path: Path) -> None:
    lot = plan(tmp_path, [box()], roads=[(SOUTH[0], {}), (WEST[0], {})]).parcels[0]
    assert roles(lot) == ["street_side", "rear", "side", "front"]
    assert "20 m across" in lot.edges[3].reason
    assert lot.edges[3].road_width_m is None


def test_through_lot_has_two_fronts_and_no_rear(tmp_path: Path) -> None:
    lot = plan(tmp_path, [box(x=10)], roads=[SOUTH, NORTH]).parcels[0]
    assert roles(lot) == ["front", "side", "front", "side"]


def test_triangle_has_no_rear_and_says_so(tmp_path: Path) -> None:
    lot = plan(tmp_path, [shapely.Polygon([(10, 0), (40, 0), (25, 30)])], roads=[SOUTH]).parcels[0]
    assert roles(lot) == ["front", "side", "side"]
    assert any("no rear" in note for note in lot.notes)


REAR = ('[pack]\ndocument = "D"\nunits = "m"\n[[rule]]\nid = "rear"\nkind = "setback"\ndistance_m = 4.0\n'
        'edges = { role = ["rear"] }\n')


def test_rear_yard_of_a_triangle_counts_from_a_virtual_rear(tmp_path: Path) -> None:
    triangle = shapely.Polygon([(10, 0), (40, 0), (25, 30)])           # 3 m wide at y = 27
    found = plan(tmp_path, [triangle], roads=[SOUTH], rules=REAR)
    tip, = [c for c in found.controls if c.line is not None]
    assert tip.id == "L1/rear@virtual-rear"
    assert tip.edges.roles == ()
    assert tip.line is not None
    assert tip.line.bounds == pytest.approx((23.5, 27, 26.5, 30))
    assert any("4.5 m² behind it" in note for note in found.parcels[0].notes)
    assert any("virtual rear on L1" in note for note in found.notes)


def test_an_ordinary_lot_has_no_virtual_rear(tmp_path: Path) -> None:
    assert [c.id for c in plan(tmp_path, [box(x=10)], roads=[SOUTH], rules=REAR).controls] == ["L1/rear"]


def test_the_stem_of_a_flag_lot_can_be_left_out(tmp_path: Path) -> None:
    flag = shapely.Polygon([(10, 0), (14, 0), (14, 20), (40, 20), (40, 50), (10, 50)])
    rules = REAR.replace('role = ["rear"]', 'role = ["side"], stem = false')
    found = plan(tmp_path, [flag], roads=[SOUTH], rules=rules)
    assert found.controls[0].edges.indices == (2, 3, 5)                # edge 1 runs along the stem only
    assert any("flag lot" in note for note in found.parcels[0].notes)
    both = plan(tmp_path, [flag], roads=[SOUTH], rules=REAR.replace('"rear"]', '"side"]'))
    assert both.controls[0].edges.roles == ("side",)


def test_chamfered_corner(tmp_path: Path) -> None:
    corner = shapely.Polygon([(4, 0), (20, 0), (20, 30), (0, 30), (0, 4)])
    junction = shapely.Polygon([(-20, -12), (4, -12), (4, 0), (0, 4), (-20, 4)])
    wide = (shapely.union_all([WEST[0], junction]), WEST[1])
    narrow = (SOUTH[0].difference(junction), SOUTH[1])
    lot = plan(tmp_path, [corner], roads=[narrow, wide]).parcels[0]
    assert roles(lot) == ["street_side", "rear", "side", "front", "street"]


def test_rounded_corner_is_one_chain(tmp_path: Path) -> None:
    arc = [(6 - 6 * np.sin(a), 6 - 6 * np.cos(a)) for a in np.linspace(0, np.pi / 2, 9)][::-1]
    lot = shapely.Polygon([*arc, (20, 0), (20, 30), (0, 30)])
    around = shapely.box(-20, -12, 100, 100).difference(shapely.box(0, 0, 200, 200)).union(
        shapely.box(0, 0, 6, 6).difference(lot))
    found = plan(tmp_path, [lot], roads=[(around, {"name": "Ring", "width_m": 12})]).parcels[0]
    chains = [e.chain for e in found.edges[:8]]
    assert len(set(chains)) == 1
    assert roles(found)[:8] == ["street"] * 8
    assert len({e.chain for e in found.edges}) == 5


def test_nearly_straight_front_is_one_chain(tmp_path: Path) -> None:
    lot = shapely.Polygon([(10, 0), (20, 0.03), (30, 0), (30, 30), (10, 30)])
    found = plan(tmp_path, [lot], roads=[SOUTH]).parcels[0]
    assert [e.chain for e in found.edges] == [0, 0, 1, 2, 3]
    assert roles(found) == ["front", "front", "side", "rear", "side"]


def test_a_long_gentle_curve_is_cut_where_it_bulges(tmp_path: Path) -> None:
    angle = np.radians(np.arange(0, 61, 2.0))
    curve = [(300 * np.sin(a), 300 - 300 * np.cos(a)) for a in angle]
    found = plan(tmp_path, [shapely.Polygon([*curve, (0, 160)])]).parcels[0]
    assert len({e.chain for e in found.edges}) > 5


def test_flag_lot(tmp_path: Path) -> None:
    flag = shapely.Polygon([(10, 0), (14, 0), (14, 20), (40, 20), (40, 50), (10, 50)])
    lot = plan(tmp_path, [flag, box(26, 20, 14)], roads=[SOUTH]).parcels[0]
    assert roles(lot) == ["front", "side", "side", "side", "rear", "side"]


def test_holes_are_interior(tmp_path: Path) -> None:
    holed = shapely.Polygon(box(x=10).exterior, [shapely.box(15, 5, 20, 10).exterior])
    lot = plan(tmp_path, [holed], roads=[SOUTH]).parcels[0]
    assert roles(lot) == ["front", "side", "rear", "side", *["interior"] * 4]


def test_parts_of_a_lot_have_fronts_of_their_own(tmp_path: Path) -> None:
    parts = shapely.MultiPolygon([box(x=10), box(x=10, y=-42)])
    lot = plan(tmp_path, [parts], roads=[SOUTH]).parcels[0]
    assert roles(lot) == ["front", "side", "rear", "side", "rear", "side", "front", "side"]


def test_a_small_gap_to_the_street_is_bridged_and_a_large_one_not(tmp_path: Path) -> None:
    near = plan(tmp_path, [box(x=10, y=0.8)], roads=[SOUTH]).parcels[0]
    assert roles(near)[0] == "front"
    far = plan(tmp_path, [box(x=10, y=2.5)], roads=[SOUTH]).parcels[0]
    assert roles(far) == ["side"] * 4
    assert any("no street" in note for note in far.notes)


def test_an_edge_is_split_where_a_street_begins(tmp_path: Path) -> None:
    street = (shapely.box(40, -12, 200, 0), {"name": "South Street", "width_m": 12.0})
    rules = ('[pack]\nid = "p"\ndocument = "D"\nunits = "m"\n[[rule]]\nid = "r"\nkind = "setback"\ndistance_m = 1.0\n'
             'edges = { index = [0, 1] }\n')
    read_plan = plan(tmp_path, [box(60, 30)], roads=[street], rules=rules)
    lot = read_plan.parcels[0]
    assert roles(lot) == ["side", "front", "side", "rear", "side"]
    assert lot.boundary.length.round(6).tolist() == [40, 20, 30, 60, 30]
    assert lot.shape.equals(box(60, 30))
    assert read_plan.controls[0].edges.indices == (0, 1, 2)         # edges 0 and 1 as drawn


def test_centrelines_with_a_width(tmp_path: Path) -> None:
    line = (shapely.LineString([(-50, -6), (100, -6)]), {"name": "South Street", "width_m": 12.0})
    lot = plan(tmp_path, [box(x=10)], roads=[line]).parcels[0]
    assert roles(lot) == ["front", "side", "rear", "side"]


def test_centrelines_without_a_width_take_the_gap_between_lots(tmp_path: Path) -> None:
    line = (shapely.LineString([(0, -6), (60, -6)]), {"name": "South Street"})
    lots = [box(x=20 * k) for k in range(3)] + [box(x=20 * k, y=-42) for k in range(3)]
    found = plan(tmp_path, lots, roads=[line])
    assert roles(found.parcels[1]) == ["front", "side", "rear", "side"]
    assert found.parcels[1].edges[0].road_width_m == pytest.approx(12.0, abs=0.01)
    assert any("without a width" in note for note in found.notes)


def test_without_roads_nothing_is_pretended(tmp_path: Path) -> None:
    found = plan(tmp_path, [box()])
    assert {(str(e.role), e.confidence) for e in found.parcels[0].edges} == {("side", 0.0)}
    assert any("no road layer" in note for note in found.notes)


def test_stated_roles_govern(tmp_path: Path) -> None:
    rows = [{"parcel": "L1", "edge_roles": "rear side front side"}, {"parcel": "L2", "edge_roles": ""}]
    found = plan(tmp_path, [box(x=10), box(x=30)], rows, roads=[SOUTH])
    assert roles(found.parcels[0]) == ["rear", "side", "front", "side"]
    assert found.parcels[0].edges[0].confidence == 1.0
    assert roles(found.parcels[1]) == ["front", "side", "rear", "side"]


def test_edges_follow_the_boundary(tmp_path: Path) -> None:
    holed = box(x=10).difference(shapely.box(15, 5, 20, 10))
    for lot in plan(tmp_path, [holed, shapely.MultiPolygon([box(x=40), box(x=70)])], roads=[SOUTH]).parcels:
        assert [e.index for e in lot.edges] == list(range(len(lot.boundary)))
        below = [bool(y0 == y1 == 0) for (_, y0), (_, y1) in zip(lot.boundary.start, lot.boundary.end, strict=True)]
        assert [e.role == "front" for e in lot.edges] == below


@pytest.mark.data
def test_minneapolis_fronts_are_the_addresses(shared_data: Path) -> None:
    folder = shared_data / "zoning_minneapolis"
    spec = PlanSpec(parcels=str(folder / "Minn_parcels_sample.geojson"),
                    roads=str(folder / "Minn_streets_sample.geojson"), fields={"parcel": "OBJECTID"})
    crs = "EPSG:32615+5703"
    box_ = extent(spec, crs)
    plan_ = read(spec, Frame.near(crs, (box_[0], box_[1])))
    agree = []
    for lot in plan_.parcels:
        fronts = {edge.road for edge in lot.edges if edge.role == "front"}
        if fronts:
            agree.append(lot.attributes["STREET_NM"] in fronts)
    assert len(agree) > 200
    assert np.mean(agree) > 0.85


def test_roads_that_are_no_streets_are_told(tmp_path: Path) -> None:
    far = (shapely.LineString([(500, 500), (600, 500)]), {"name": "A"})
    found = plan(tmp_path, [box()], roads=[far])
    assert roles(found.parcels[0]) == ["side"] * 4
    assert any("no road is an area, has a width or runs between lots" in note for note in found.notes)
