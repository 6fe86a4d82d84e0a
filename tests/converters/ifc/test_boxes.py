"""Buildings turned, shifted and measured in feet inside their files, against closed forms."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path

import numpy as np
import pytest
import shapely

from boxes import Box
from zonebox.errors import InputError
from zonebox.frame import Frame
from zonebox.geometry.mesh import volume_m3
from zonebox.model import Building
from zonebox.model.building import AreaSource
from zonebox_converters.ifc import header, read
from zonebox_converters.ifc.facing import about_vertical, turn_rad

AT = (84975.25, 447519.75, 1.5)


def stands(building: Building, frame: Frame, turn_deg: float = 0.0) -> None:
    """Corners within 1 mm, volume within 1e-6 of the closed forms."""
    corners = np.array([[x, y, z] for x in (0, 10) for y in (0, 8) for z in (0, 9)], dtype=float)
    wanted = corners @ about_vertical(math.radians(turn_deg))[:3, :3].T + AT
    seen = shapely.STRtree(shapely.points(frame.world(building.mesh.vertices)))
    off = [np.abs(frame.world(building.mesh.vertices)[seen.nearest(shapely.Point(spot))] - spot)[:2].max()
           for spot in wanted]
    assert max(off) < 1e-3
    assert frame.world(building.mesh.bounds)[:, 2] == pytest.approx([1.5, 10.5], abs=1e-3)
    assert building.solid is not None
    assert volume_m3(building.solid) == pytest.approx(720.0, rel=1e-6)


@pytest.mark.parametrize("turn_deg", [30.0, 90.0, 123.4567])
@pytest.mark.parametrize("unit", ["millimetre", "foot"])
def test_rooms_of_a_building_turned_in_its_file_are_sealed(unit: str, turn_deg: float, rd: Frame,
                                                           tmp_path: Path) -> None:
    """Turned walls meet only up to rounding: a crack of 1e-15 m must not let a room run out of the solid."""
    path = Box(unit=unit, turn_deg=turn_deg).converted(*AT).write(tmp_path / "box.ifc")
    stands(read(path, rd, id="b"), rd, turn_deg)


@pytest.mark.parametrize("baked", ["placement", "geometry", "profile"])
@pytest.mark.parametrize("unit", ["metre", "foot", "us survey foot"])
def test_map_coordinates_wherever_they_are_baked_in(unit: str, baked: str, rd: Frame, tmp_path: Path) -> None:
    building = read(Box(unit=unit, shift=AT, baked=baked).write(tmp_path / "box.ifc"), rd, id="b")
    assert [(note.kind, note.used) for note in building.georeference] == [("baked", True)]
    stands(building, rd)


def test_a_storey_with_holes_for_windows_keeps_its_floor(rd: Frame, tmp_path: Path) -> None:
    """Openings wider than a door, nothing in them: the floor is still 80 m², and the solid says what it lacks."""
    box = Box().converted(*AT)
    box.opening(box.walls[0], (2.0, -0.1, 4.5, 0.4), 0.8, 2.5)
    box.opening(box.walls[1], (6.0, 7.6, 8.0, 8.1), 0.2, 2.3)
    building = read(box.write(tmp_path / "box.ifc"), rd, id="b")
    assert [area.source for storey in building.storeys for area in storey.areas] == [AreaSource.SECTION] * 3
    assert [area.value_m2 for storey in building.storeys for area in storey.areas] == pytest.approx([80.0] * 3)
    assert "not airtight" in building.solid_note


@pytest.mark.parametrize("x_mm", ["1.E30", "1.E12"])
def test_a_part_with_a_wild_coordinate_is_named_and_left_out(x_mm: str, rd: Frame, tmp_path: Path) -> None:
    path = Box(unit="millimetre").converted(*AT).write(tmp_path / "box.ifc")
    text = path.read_text()
    wild = next(point for point in ("(10000.,7700.)", "(10000.,8000.)") if point in text)
    path.write_text(text.replace(wild, f"({x_mm},{wild.split(',')[1]}", 1))
    building = read(path, rd, id="b")
    assert len(building.elements) == 16
    assert any("a coordinate in it is wrong" in note for note in building.notes)
    assert np.ptp(building.mesh.bounds, axis=0) == pytest.approx([10, 8, 9])


def test_what_editors_and_file_managers_add_is_passed_over(rd: Frame, tmp_path: Path) -> None:
    path = Box().converted(*AT).write(tmp_path / "box.ifc")
    with zipfile.ZipFile(tmp_path / "box.ifczip", "w") as archive:
        archive.writestr("__MACOSX/._box.ifc", b"\x00\x05\x16\x07")
        archive.write(path, "box.ifc")
    (tmp_path / "marked.ifc").write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    for name in ("box.ifczip", "marked.ifc"):
        stands(read(tmp_path / name, rd, id="b"), rd)


def test_a_folder_is_no_file(rd: Frame, tmp_path: Path) -> None:
    (tmp_path / "x.ifc").mkdir()
    with pytest.raises(InputError, match=r"x\.ifc: got a folder, want an \.ifc or \.ifczip file"):
        read(tmp_path / "x.ifc", rd, id="b")


def test_the_direction_of_most_wall_surface_is_found() -> None:
    box = np.array([[x, y, z] for x in (0, 4) for y in (0, 2) for z in (0, 3)], dtype=float)
    faces = np.array([[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1], [2, 3, 7], [2, 7, 6],
                      [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]], dtype=np.int32)
    turns = np.array([40.0, 40.0, 15.0])
    shapes = {"geometry": np.array([0, 0, 1]), "matrix": np.array([about_vertical(a) for a in np.radians(turns)]),
              "vertices": np.concatenate([box, box * 1.1]), "vertex_start": np.array([0, 8, 16]),
              "triangles": np.concatenate([faces, faces]), "triangle_start": np.array([0, 12, 24])}
    assert math.degrees(turn_rad(shapes)) == pytest.approx(40.0, abs=1e-12)
    shapes["geometry"] = np.array([1, 1, 0])
    shapes["matrix"] = shapes["matrix"][[1, 0, 2]]
    assert math.degrees(turn_rad(shapes)) == pytest.approx(40.0, abs=1e-12)
    flat = {**shapes, "vertices": shapes["vertices"] * [1.0, 1.0, 0.0]}
    assert turn_rad(flat) == 0.0                                # nothing stands upright


def test_a_zip_cut_off_anywhere_is_said(tmp_path: Path) -> None:
    whole = tmp_path / "whole.ifczip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("box.ifc", Box().model.to_string())
    data, cut = whole.read_bytes(), tmp_path / "cut.ifczip"
    for length in (5, 40, len(data) // 2, len(data) - 10):
        cut.write_bytes(data[:length])
        with pytest.raises(InputError, match=r"cut\.ifczip: got a zip that is cut off or damaged"), header.opened(cut):
            pass
