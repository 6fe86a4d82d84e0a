"""Bad input is one sentence that says where, what was found, what is wanted and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from zonebox.errors import InputError
from zonebox.frame import Frame
from zonebox_converters.ifc import read

DEFECTS = Path(__file__).parents[2] / "defects" / "ifc"

STEP = "want an IFC file in STEP form (.ifc); export it as IFC2X3, IFC4 or IFC4X3"
PLACE = ("write placement = { easting = 85000.0, northing = 448000.0, elevation = 0.0, rotation_deg = 0 } "
         "with your values into this [[design]] of scene.toml")

SENTENCES: Final = {
    "building_without_shapes.ifc":
        "building_without_shapes.ifc: got an IfcBuilding without shapes, want a building with walls, slabs or other "
        "elements; export the architectural model with its geometry",
    "cut_off.ifc":
        "cut_off.ifc: got no END-ISO-10303-21 at the end, want the whole file; it was cut off: export or copy it again",
    "damaged_zip.ifczip":
        "damaged_zip.ifczip/model.ifc: got a damaged or locked zip (Bad CRC-32 for file 'model.ifc'), want a zip that "
        "can be unpacked; copy it again, without a password",
    "default_latitude.ifc":
        "default_latitude.ifc: got a model 5,537 km from the scene (IfcSite latitude 42.358662, longitude -71.056740), "
        f"want a place within 100 km; {PLACE}",
    "empty.ifc": f"empty.ifc: got an empty file, {STEP}",
    "ifcxml.ifc": f"ifcxml.ifc: got ifcXML, {STEP}",
    "map_conversion_elsewhere.ifc":
        "map_conversion_elsewhere.ifc: got a model 216 km from the scene (IfcMapConversion in EPSG:28992 Amersfoort / "
        f"RD New: E 256000.000 N 580000.000 H 0.000, turned 0.00° anticlockwise), want a place within 100 km; {PLACE}",
    "map_conversion_in_degrees.ifc":
        "map_conversion_in_degrees.ifc: got a georeference that leads nowhere (IfcMapConversion leads to EPSG:4326 "
        f"WGS 84, in degrees, and cannot place a building), want a place within 100 km; {PLACE}",
    "no_building.ifc":
        "no_building.ifc: got neither an IfcBuilding nor building elements, want a building with walls, slabs or other "
        "elements; export the architectural model with its geometry",
    "no_schema.ifc":
        "no_schema.ifc#HEADER: got no FILE_SCHEMA, want the schema the file is written in; export it as IFC2X3, IFC4 "
        "or IFC4X3",
    "not_an_ifc.ifc": f"not_an_ifc.ifc: got no ISO-10303-21 at the start, {STEP}",
    "not_placed.ifc":
        "not_placed.ifc: got a model that does not say where it stands, want a map conversion or a placement; "
        f"{PLACE}",
    "other_schema.ifc":
        'other_schema.ifc#FILE_SCHEMA: got "AUTOMOTIVE_DESIGN", want IFC2X3, IFC4 or IFC4X3; this STEP file is no IFC '
        "of a building: export the model as IFC",
    "reference_to_nothing.ifc":
        "reference_to_nothing.ifc: got references to entities that are missing (1: #13), want the whole file; it was "
        "cut off or edited: export or copy it again",
    "shape_of_lines.ifc":
        "shape_of_lines.ifc: got a building without a single shape, want walls, slabs or other solids; export the "
        "model with its 3D geometry (Body representations)",
    "zip_without_ifc.ifczip":
        "zip_without_ifc.ifczip: got a zip that holds plan.dxf, want one .ifc inside; zip the STEP file (.ifc), not "
        "ifcXML or a folder of drawings",
}


def test_every_defect_has_its_sentence() -> None:
    assert sorted(SENTENCES) == sorted(path.name for path in DEFECTS.iterdir())


@pytest.mark.parametrize("name", sorted(SENTENCES))
def test_sentence(name: str, rd: Frame) -> None:
    with pytest.raises(InputError) as caught:
        read(DEFECTS / name, rd, id="design")
    assert str(caught.value) == SENTENCES[name]


def test_missing_file(rd: Frame, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^tower\.ifc: got no such file, want an \.ifc or \.ifczip file; check"):
        read(tmp_path / "tower.ifc", rd, id="design")
