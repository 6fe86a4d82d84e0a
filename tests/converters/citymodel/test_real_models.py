"""Real city models: Delft, Rotterdam, Zürich and 3DBAG."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
import trimesh

from zonebox.errors import FrameError
from zonebox.frame import Frame
from zonebox.geometry.mesh import area_m2, volume_m3
from zonebox_converters import citymodel

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.data

DELFT = Frame.near("EPSG:7415", (84975.2, 447519.2))


def test_delft_has_160_closed_buildings_about_as_high_as_they_say(shared_data: Path) -> None:
    file = shared_data / "site_delft" / "delft_lod1_p90_cityjson10.json"
    buildings = citymodel.read(file, DELFT)
    assert len(buildings) == 160
    assert all(b.solid is not None and volume_m3(b.solid) > 0 for b in buildings)
    tops = np.array([b.mesh.bounds[1, 2] for b in buildings])
    stated = np.array([float(b.attributes["measuredHeight"]) for b in buildings])
    assert np.abs(tops - stated).max() < 1.0                            # another percentile of the same survey
    assert tops.max() == pytest.approx(13.8)
    assert min(b.ground_m for b in buildings if b.ground_m is not None) == pytest.approx(-0.35)
    (note,) = buildings[0].notes
    assert note == ("delft_lod1_p90_cityjson10.json: left out 3 Bridge, 54 GenericCityObject, 81 LandUse, "
                    "126 PlantCover, 143 Road, 3 WaterBody")
    for b in buildings[:20]:
        assert b.solid is not None
        other = trimesh.Trimesh(b.solid.vertices, b.solid.triangles, process=False)
        assert other.is_watertight
        assert other.volume == pytest.approx(volume_m3(b.solid), rel=1e-6)


def test_triangles_cover_the_surfaces_of_the_file_exactly(shared_data: Path) -> None:
    """Area of each surface by another library, straight from the polygons with their holes."""
    document = json.loads((shared_data / "cityjson" / "rotterdam_subset.json").read_text(encoding="utf-8"))
    vertices = np.array(document["vertices"]) * document["transform"]["scale"]
    buildings = citymodel.read(shared_data / "cityjson" / "rotterdam_subset.json", DELFT, crs="EPSG:7415")
    assert len(buildings) == 16
    for b in buildings:
        want = 0.0
        for shell, *holes in document["CityObjects"][b.id]["geometry"][0]["boundaries"]:
            ring = vertices[shell]
            normal = np.cross(ring - ring[0], np.roll(ring, -1, 0) - ring[0]).sum(0)
            if not normal.any():
                continue                                                # a surface that has no area
            drop = int(np.argmax(np.abs(normal)))
            plan = [np.delete(vertices[r], drop, axis=1) for r in (shell, *holes)]
            tilt = np.linalg.norm(normal) / abs(normal[drop])
            want += shapely.Polygon(plan[0], plan[1:]).area * tilt
        assert area_m2(b.mesh) == pytest.approx(want, rel=1e-3)         # real polygons are not quite flat


def test_models_without_a_crs_are_refused(shared_data: Path) -> None:
    for name in ("rotterdam_subset.json", "multi_lod.json"):
        with pytest.raises(FrameError, match="got no CRS"):
            citymodel.read(shared_data / "cityjson" / name, DELFT)


def test_levels_of_detail_of_3dbag(shared_data: Path) -> None:
    file = shared_data / "cityjson" / "multi_lod.json"
    volumes = {}
    for lod in ("1.2", "1.3", "2.2", None):
        buildings = citymodel.read(file, DELFT, crs="EPSG:7415", lod=lod)
        assert len(buildings) == 10
        volumes[lod] = [volume_m3(b.solid) for b in buildings if b.solid]
    assert volumes[None] == volumes["2.2"] != volumes["1.2"]


def test_zurich_folds_161_parts_into_49_buildings(shared_data: Path) -> None:
    frame = Frame.near("EPSG:2056+5728", (2_680_000.0, 1_247_000.0))
    buildings = citymodel.read(shared_data / "cityjson" / "zurich_subset_lod2.json", frame)
    assert len(buildings) == 49
    assert sum(len(b.elements) for b in buildings) == 161
    assert "they are taken as LN02 height, the scene's datum" in buildings[0].notes[0]


def test_a_line_of_3dbag(shared_data: Path, tmp_path: Path) -> None:
    head = json.loads((shared_data / "cityjson" / "3dbag_x00.city.json").read_text(encoding="utf-8"))
    feature = (shared_data / "cityjson" / "3dbag_feature_x71.city.jsonl").read_text(encoding="utf-8").strip()
    file = tmp_path / "x71.city.jsonl"
    file.write_text(json.dumps(head) + "\n" + feature + "\n", encoding="utf-8")
    (building,) = citymodel.read(file, DELFT)
    extent = np.array(head["metadata"]["geographicalExtent"]).reshape(2, 3)
    low, high = DELFT.world(building.mesh.bounds)
    assert (low >= extent[0] - 0.01).all()
    assert (high <= extent[1] + 0.01).all()
