"""The tower in Delft, read back from its tiles by other means than those that wrote them, stands where it was put."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyproj
import pytest
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from converters.tiles import readback
from converters.tiles.real import RealScene
from zonebox_converters.tiles import verify

pytestmark = pytest.mark.data

TOWER = "site_delft/TallBuilding_delft_georef.ifc"
TOP_NAP_M = 17.6
EASTING, NORTHING, HEIGHT, TURNED_DEG = 84975.2, 447519.2, 1.2, 35.0
"""The tower's map conversion as its file has it, in EPSG:7415."""


def rd_nap(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """EPSG:4978 to RD eastings, northings and NAP heights, by the grids."""
    go = pyproj.Transformer.from_crs("EPSG:4978", "EPSG:7415", always_xy=True, only_best=True, allow_ballpark=False)
    return np.stack(go.transform(*points.T), axis=1)


def modelled(path: Path) -> NDArray[np.float64]:
    """Vertices of the IFC in RD and NAP, by ifcopenshell alone and a rotation done here."""
    import ifcopenshell
    import ifcopenshell.geom

    settings = ifcopenshell.geom.settings()
    settings.set("use-world-coords", True)
    model = ifcopenshell.open(str(path))
    shapes = []
    for product in model.by_type("IfcElement"):
        if product.Representation is not None and not product.is_a("IfcFeatureElement"):
            geometry = ifcopenshell.geom.create_shape(settings, product).geometry
            shapes.append(np.array(geometry.verts, dtype=np.float64).reshape(-1, 3))
    x, y, z = np.concatenate(shapes).T
    c, s = np.cos(np.radians(TURNED_DEG)), np.sin(np.radians(TURNED_DEG))
    return np.stack([EASTING + c * x - s * y, NORTHING + s * x + c * y, HEIGHT + z], axis=1)


@pytest.fixture(scope="session")
def tower(delft: RealScene) -> NDArray[np.float64]:
    """Every vertex drawn of the tower, in RD and NAP."""
    design = readback.by_name(readback.read_tiles(delft.tiles / "tileset.json"), "design")
    return rd_nap(np.concatenate([p.points[np.unique(p.indices)] for tile in design for p in tile.primitives]))


def test_the_top_is_where_the_file_puts_it(tower: NDArray[np.float64]) -> None:
    assert tower[:, 2].max() == pytest.approx(TOP_NAP_M, abs=0.01)


def test_the_footprint_is_where_the_file_puts_it(tower: NDArray[np.float64], shared_data: Path) -> None:
    expected = modelled(shared_data / TOWER)
    assert np.max(cKDTree(expected).query(tower)[0]) < 0.01
    assert np.max(cKDTree(tower).query(expected)[0]) < 0.01
    np.testing.assert_allclose(tower[:, :2].min(0), expected[:, :2].min(0), atol=0.01)
    np.testing.assert_allclose(tower[:, :2].max(0), expected[:, :2].max(0), atol=0.01)


def test_every_layer_is_there_and_sound(delft: RealScene) -> None:
    assert verify(delft.tiles) == []
    tiles = readback.read_tiles(delft.tiles / "tileset.json")
    assert {tile.path.parent.name for tile in tiles} == {"terrain", "context", "design", "envelopes", "findings"}
    drawn = {ident for tile in readback.by_name(tiles, "design") for ident in tile.tables[0]["globalId"]}
    assert drawn == {element.id for element in delft.scene.designs[0].elements}
