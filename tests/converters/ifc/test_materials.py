"""Materials are named whatever kind of definition a file uses; the oracle is the library's own utility."""

from __future__ import annotations

from pathlib import Path

import ifcopenshell
import ifcopenshell.guid
import pytest
from ifcopenshell.util.element import get_materials

from zonebox_converters.ifc.facts import seen
from zonebox_converters.ifc.properties import Sets


def _wall(model: ifcopenshell.file, definition: object, *, on_type: bool = False) -> ifcopenshell.entity_instance:
    wall = model.create_entity("IfcWall", ifcopenshell.guid.new())
    thing = wall
    if on_type:
        thing = model.create_entity("IfcWallType", ifcopenshell.guid.new(), PredefinedType="STANDARD")
        model.create_entity("IfcRelDefinesByType", ifcopenshell.guid.new(), RelatedObjects=[wall], RelatingType=thing)
    if definition is not None:
        model.create_entity("IfcRelAssociatesMaterial", ifcopenshell.guid.new(), RelatedObjects=[thing],
                            RelatingMaterial=definition)
    return wall


@pytest.mark.parametrize("on_type", [False, True])
@pytest.mark.parametrize("schema", ["IFC2X3", "IFC4", "IFC4X3"])
def test_every_kind_of_definition(schema: str, on_type: bool) -> None:
    model = ifcopenshell.file(schema=schema)
    brick, air, wood = (model.create_entity("IfcMaterial", name) for name in ("砖 Brick", "Air", "Wood"))
    layers = model.create_entity("IfcMaterialLayerSet", [
        model.create_entity("IfcMaterialLayer", material, 0.1) for material in (brick, air, None, brick)])
    usage = model.create_entity("IfcMaterialLayerSetUsage", layers, "AXIS2", "POSITIVE", 0.0)
    kinds: list[tuple[object, str]] = [
        (brick, "砖 Brick"), (layers, "砖 Brick; Air"), (usage, "砖 Brick; Air"), (layers.MaterialLayers[1], "Air"),
        (model.create_entity("IfcMaterialList", [wood, air]), "Wood; Air"), (None, "")]
    if schema != "IFC2X3":
        parts = [model.create_entity("IfcMaterialConstituent", Material=material) for material in (wood, brick)]
        profiles = [model.create_entity("IfcMaterialProfile", Material=wood)]
        made = model.create_entity("IfcMaterialProfileSet", MaterialProfiles=profiles)
        kinds += [(model.create_entity("IfcMaterialConstituentSet", MaterialConstituents=parts), "Wood; 砖 Brick"),
                  (made, "Wood"), (model.create_entity("IfcMaterialProfileSetUsage", made), "Wood")]
    walls = [_wall(model, definition, on_type=on_type) for definition, _ in kinds]
    sets = Sets(model)
    for wall, (_, names) in zip(walls, kinds, strict=True):
        assert sets.of(wall).get("Material", "") == names
        assert sets.has(wall.id()) == (bool(names) or on_type)


@pytest.mark.data
def test_the_materials_of_a_real_building(shared_data: Path) -> None:
    model = ifcopenshell.open(str(shared_data / "ifc" / "Duplex_A_20110907_georeferenced.ifc"))
    sets, named = Sets(model), 0
    for product in seen(model):
        theirs = [m.Name for m in get_materials(product)]
        assert sets.of(product).get("Material", "") == "; ".join(dict.fromkeys(theirs))
        named += bool(theirs)
    assert named == 98
