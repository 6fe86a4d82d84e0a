"""Parcels from CAD drawings: units, arcs, blocks, hatches, texts."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ezdxf
import numpy as np
import pytest
import shapely
from ezdxf.enums import TextEntityAlignment

from converters.zoning.plans import FRAME, ORIGIN, box
from zonebox.errors import InputError
from zonebox.model import Plan
from zonebox_converters.zoning import PlanSpec, extent, read

CODES = {"none": 0, "in": 1, "ft": 2, "mm": 4, "cm": 5, "m": 6}
SCALES = {"mm": 1000.0, "cm": 100.0, "m": 1.0, "none": 1.0}
LAYER = "G-SITE-PROP"


def drawing(path: Path, draw: Callable[[Any, float], None], *, unit: str = "m", says: str = "") -> str:
    document = ezdxf.new("R2013", units=CODES[says or unit])
    document.layers.add(LAYER)
    draw(document, SCALES[unit])
    document.saveas(path)
    return str(path)


def corners(lot: shapely.Polygon, scale: float) -> list[tuple[float, float]]:
    return [tuple(p) for p in ((np.asarray(lot.exterior.coords)[:-1] + ORIGIN) * scale).tolist()]


def text(space: Any, words: str, x: float, y: float, scale: float) -> None:
    space.add_text(words, height=scale, dxfattribs={"layer": "TEXT"}).set_placement(
        ((x + ORIGIN[0]) * scale, (y + ORIGIN[1]) * scale), align=TextEntityAlignment.MIDDLE_CENTER)


def two_lots(document: Any, scale: float) -> None:
    space = document.modelspace()
    for k in range(2):
        space.add_lwpolyline(corners(box(x=25.0 * k), scale), close=True, dxfattribs={"layer": LAYER})
        text(space, f"A-0{k + 1}", 25.0 * k + 10, 20, scale)


def plan(path: str, **spec: Any) -> Plan:
    return read(PlanSpec(parcels=path, crs="EPSG:4548", **spec), FRAME)


def areas(found: Plan) -> dict[str, float]:
    return {parcel.id: round(parcel.shape.area, 3) for parcel in found.parcels}


@pytest.mark.parametrize("unit", ["mm", "cm", "m"])
def test_outlines_in_any_unit(unit: str, tmp_path: Path) -> None:
    source = drawing(tmp_path / "plan.dxf", two_lots, unit=unit)
    found = plan(source)
    assert areas(found) == {"A-01": 600.0, "A-02": 600.0}
    assert f"plan.dxf:{LAYER}: drawn in {unit}, as its header says" in found.notes
    low = extent(PlanSpec(parcels=source, crs="EPSG:4548"), "EPSG:4548+5737")
    assert low == pytest.approx((ORIGIN[0], ORIGIN[1], ORIGIN[0] + 45, ORIGIN[1] + 30), abs=1e-6)


def test_a_header_that_cannot_be_true_is_refused(tmp_path: Path) -> None:
    source = drawing(tmp_path / "plan.dxf", two_lots, unit="m", says="mm")
    with pytest.raises(InputError, match=r"got outlines of 0\.0006 m² in the middle, as the drawing is said to be in mm"
                                         r'.*set plan\.drawing_unit = "m"'):
        plan(source)
    assert areas(plan(source, drawing_unit="m")) == {"A-01": 600.0, "A-02": 600.0}


def test_a_drawing_without_a_unit_asks_for_it(tmp_path: Path) -> None:
    source = drawing(tmp_path / "plan.dxf", two_lots, unit="mm", says="none")
    with pytest.raises(InputError, match=r'without a unit.*set plan\.drawing_unit = "mm".*600 m²'):
        plan(source)
    assert areas(plan(source, drawing_unit="mm")) == {"A-01": 600.0, "A-02": 600.0}
    with pytest.raises(InputError, match=r'plan\.drawing_unit: got "yards"'):
        plan(source, drawing_unit="yards")


def test_without_a_crs_a_drawing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no CRS.*EPSG:4534 to EPSG:4554"):
        read(PlanSpec(parcels=drawing(tmp_path / "plan.dxf", two_lots, unit="mm")), FRAME)


def test_arcs_circles_and_blocks(tmp_path: Path) -> None:
    def draw(document: Any, scale: float) -> None:
        space = document.modelspace()
        # a square whose right side is a half circle of 10 m: bulge 1
        ring = [(*p, 1.0 if k == 1 else 0.0) for k, p in enumerate(corners(box(20, 20), scale))]
        space.add_lwpolyline(ring, format="xyb", close=True, dxfattribs={"layer": LAYER})
        text(space, "half", 10, 10, scale)
        space.add_circle(((100 + ORIGIN[0]) * scale, ORIGIN[1] * scale), 10 * scale, dxfattribs={"layer": LAYER})
        text(space, "circle", 100, 0, scale)
        block = document.blocks.new("LOT")
        block.add_lwpolyline([(0, 0), (20, 0), (20, 30), (0, 30)], close=True, dxfattribs={"layer": LAYER})
        block.add_attdef("DKBH", (5, 5))
        block.add_attdef("RJL", (5, 8))
        for k, turn in enumerate((0.0, 90.0)):
            at = ((200.0 + 100 * k + ORIGIN[0]) * scale, ORIGIN[1] * scale)
            insert = space.add_blockref("LOT", at, dxfattribs={"xscale": scale, "yscale": scale, "rotation": turn})
            insert.add_auto_attribs({"DKBH": f"B{k}", "RJL": "2.5"})
    source = drawing(tmp_path / "plan.dxf", draw, unit="mm")
    found = plan(source, fields={"parcel": "handle"})
    sizes = sorted(round(parcel.shape.area, 1) for parcel in found.parcels)
    assert sizes == [pytest.approx(math.pi * 100, rel=1e-3), pytest.approx(400 + math.pi * 50, rel=1e-3), 600.0, 600.0]
    blocks = [p for p in found.parcels if p.attributes.get("DKBH")]
    assert {p.attributes["DKBH"]: [round(v) for v in p.shape.bounds] for p in blocks} == {
        "B0": [200, 0, 220, 30], "B1": [270, 0, 300, 20]}
    assert {c.limit for c in found.controls if str(c.kind) == "far"} == {2.5}


def test_a_hatch_with_a_hole_and_the_line_around_it_are_one_lot(tmp_path: Path) -> None:
    def draw(document: Any, scale: float) -> None:
        space = document.modelspace()
        hatch = space.add_hatch(dxfattribs={"layer": LAYER})
        hatch.paths.add_polyline_path(corners(box(40, 40), scale), is_closed=True)
        hatch.paths.add_polyline_path(corners(box(10, 10, 15, 15), scale), is_closed=True, flags=16)
        space.add_lwpolyline(corners(box(20, 30, 100), scale), close=True, dxfattribs={"layer": LAYER})
        again = space.add_hatch(dxfattribs={"layer": LAYER})
        again.paths.add_polyline_path(corners(box(20, 30, 100), scale), is_closed=True)
        text(space, "P1", 5, 5, scale)
        text(space, "P2", 105, 5, scale)
    found = plan(drawing(tmp_path / "plan.dxf", draw, unit="mm"))
    assert areas(found) == {"P1": 1500.0, "P2": 600.0}
    assert any("1 outlines are drawn twice" in note for note in found.notes)


def test_open_lines(tmp_path: Path) -> None:
    def draw(document: Any, scale: float) -> None:
        space = document.modelspace()
        lot = corners(box(), scale)
        space.add_lwpolyline([*lot, (lot[0][0] + 0.005 * scale, lot[0][1])], dxfattribs={"layer": LAYER})
        space.add_lwpolyline(corners(box(x=50), scale), dxfattribs={"layer": LAYER})
        text(space, "A", 10, 10, scale)
        space.add_lwpolyline(corners(box(x=100), scale), close=True, dxfattribs={"layer": LAYER})
        text(space, "B", 110, 10, scale)
    found = plan(drawing(tmp_path / "plan.dxf", draw, unit="mm"))
    assert sorted(areas(found)) == ["A", "B"]
    assert any("1 lines with ends within 0.02 m of each other are taken for closed" in note for note in found.notes)
    assert any("1 open lines are no outlines" in note for note in found.notes)


def test_texts_with_keys_are_columns(tmp_path: Path) -> None:
    def draw(document: Any, scale: float) -> None:
        space = document.modelspace()
        space.add_lwpolyline(corners(box(), scale), close=True, dxfattribs={"layer": LAYER})
        words = r"地块编号：甲-01\P容积率：≤2.5\P限高：54米"
        space.add_mtext(words, dxfattribs={"insert": ((3 + ORIGIN[0]) * scale, (25 + ORIGIN[1]) * scale)})
    found = plan(drawing(tmp_path / "plan.dxf", draw, unit="mm"))
    assert {str(c.kind): c.limit for c in found.controls_of("甲-01")} == {"far": 2.5, "height": 54.0}


def test_layers_are_named_where_one_must_be_chosen(tmp_path: Path) -> None:
    def draw(document: Any, scale: float) -> None:
        two_lots(document, scale)
        document.modelspace().add_lwpolyline(corners(box(5, 5, 2, 2), scale), close=True, dxfattribs={"layer": "BLDG"})
    source = drawing(tmp_path / "plan.dxf", draw, unit="mm")
    with pytest.raises(InputError, match=rf"closed outlines on several layers.*{LAYER} \(2\), BLDG \(1\)"):
        plan(source)
    assert areas(plan(f"{source}:g-site-prop")) == {"A-01": 600.0, "A-02": 600.0}
    with pytest.raises(InputError, match=r"plan\.dxf:ROAD: got no closed outline on that layer"):
        plan(f"{source}:ROAD")


def test_a_dwg_and_a_broken_drawing(tmp_path: Path) -> None:
    (tmp_path / "plan.dwg").write_bytes(b"AC1032")
    (tmp_path / "torn.dxf").write_bytes(b"  0\nSECTION\n  2\nENT")
    with pytest.raises(InputError, match=r"plan\.dwg: got a DWG.*save the drawing as DXF"):
        plan(str(tmp_path / "plan.dwg"))
    with pytest.raises(InputError, match=r"torn\.dxf: got "):
        plan(str(tmp_path / "torn.dxf"))
