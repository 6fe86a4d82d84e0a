"""The light kernel against the thorough one, on every product that it is given."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import ifcopenshell
import ifcopenshell.geom
import numpy as np
import pytest

from zonebox.geometry.mesh import Mesh, area_m2, is_closed, volume_m3, welded
from zonebox_converters.ifc.facts import seen
from zonebox_converters.ifc.light import KERNEL, THOROUGH, Light
from zonebox_converters.ifc.worker import geometry_settings

FILES = ("Duplex_A_20110907_georeferenced.ifc", "LargeBuilding.ifc", "TallBuilding.ifc", "SimpleWall.ifc",
         "Schependomlaan_ROOT-Vebo.ifczip")


def opened(path: Path, folder: Path) -> Any:
    """Open a file, unpacked where it is packed."""
    if path.suffix == ".ifczip":
        with zipfile.ZipFile(path) as packed:
            path = Path(packed.extract(packed.namelist()[0], folder))
    return ifcopenshell.open(str(path))


def shaped(model: Any, products: list[Any], kernel: str) -> dict[int, tuple[Mesh, np.ndarray]]:
    """Step id -> mesh in the file's coordinates, and a colour number for each triangle."""
    made = {}
    iterator = ifcopenshell.geom.iterator(geometry_settings(), model, 1, include=products, geometry_library=kernel)
    assert iterator.initialize()
    while True:
        shape = iterator.get()
        geometry = shape.geometry
        matrix = np.array(shape.transformation.matrix).reshape(4, 4, order="F")
        vertices = np.frombuffer(geometry.verts_buffer, dtype="<f8").reshape(-1, 3)
        triangles = np.frombuffer(geometry.faces_buffer, dtype="<i4").reshape(-1, 3)
        made[int(shape.id)] = (Mesh(vertices=vertices @ matrix[:3, :3].T + matrix[:3, 3], triangles=triangles),
                               np.frombuffer(geometry.material_ids_buffer, dtype="<i4").copy())
        if not iterator.next():
            return made


@pytest.mark.parametrize("name", FILES)
def test_the_light_kernel_makes_the_same_shapes(name: str, shared_data: Path, tmp_path: Path) -> None:
    model = opened(shared_data / "ifc" / name, tmp_path)
    light = Light(model)
    easy = [product for product in seen(model) if light.makes(product)]
    assert easy
    quick, sure = shaped(model, easy, KERNEL), shaped(model, easy, THOROUGH)
    assert quick.keys() == sure.keys()
    for number, (mesh, colours) in sure.items():
        other, others_colours = quick[number]
        assert len(other) == len(mesh), number
        assert area_m2(other) == pytest.approx(area_m2(mesh), rel=1e-6)
        np.testing.assert_allclose(other.bounds, mesh.bounds, atol=1e-6)
        assert sorted(colours) == sorted(others_colours)
        corners, others = (np.unique(np.round(m.vertices, 5), axis=0) for m in (mesh, other))
        np.testing.assert_allclose(corners, others, atol=2e-5)
        whole = welded(mesh)
        if is_closed(whole.triangles, len(whole.vertices)):
            assert abs(volume_m3(other)) == pytest.approx(abs(volume_m3(mesh)), rel=1e-6)


def test_cut_bent_and_combined_bodies_are_not_light(shared_data: Path) -> None:
    model = ifcopenshell.open(str(shared_data / "ifc" / "Duplex_A_20110907_georeferenced.ifc"))
    light = Light(model)
    cut = [product for product in seen(model) if getattr(product, "HasOpenings", None)]
    assert len(cut) > 10
    assert not any(map(light.makes, cut))
    clipped = [p for p in seen(model) if any(i.is_a("IfcBooleanResult") for r in p.Representation.Representations
                                             for i in r.Items)]
    assert clipped
    assert not any(map(light.makes, clipped))
