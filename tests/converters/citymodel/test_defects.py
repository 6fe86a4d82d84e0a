"""Every defective file is refused with one sentence: where, what was found, what is wanted, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from converters.citymodel.make_defects import FOLDER, make
from converters.citymodel.models import FRAME
from zonebox.errors import FrameError, InputError
from zonebox_converters import citymodel

if TYPE_CHECKING:
    from pathlib import Path

AGAIN = "export the file again"

TABLE = {
    "no_json.json": (InputError, (
        "no_json.json#line 2, column 17: got no JSON (Expecting property name enclosed in double quotes), "
        f"want a CityJSON file; {AGAIN}")),
    "empty_file.json": (
        InputError, f"empty_file.json#line 1, column 1: got no JSON (Expecting value), want a CityJSON file; {AGAIN}"),
    "not_utf8.json": (
        InputError, f"not_utf8.json: got bytes that are no UTF-8 text (at byte 10), want a CityJSON file; {AGAIN}"),
    "geojson.json": (InputError, (
        'geojson.json: got type "FeatureCollection", want "type": "CityJSON"; '
        "convert it with citygml-tools or cjio")),
    "a_list.json": (InputError, (
        'a_list.json: got no CityJSON object, want "type": "CityJSON"; '
        "convert it with citygml-tools or cjio")),
    "version_0.8.json": (
        InputError, "version_0.8.json#/version: got 0.8, want 1.0 or 1.1 or 2.0; run cjio upgrade on it"),
    "no_crs.json": (FrameError, (
        "no_crs.json#/metadata/referenceSystem: got no CRS, want the reference of its coordinates; "
        'write crs = "EPSG:…" beside the source in the scene, e.g. crs = "EPSG:7415"; they look like EPSG:28992 '
        "(Amersfoort / RD New)")),
    "unknown_crs.json": (FrameError, (
        'unknown_crs.json#/metadata/referenceSystem: got "EPSG:999999", want a CRS that PROJ knows; '
        'write an EPSG code such as "EPSG:4548+5737"')),
    "no_vertical_datum.json": (FrameError, (
        "no_vertical_datum.json: got EPSG:28991 Amersfoort / RD Old without a vertical datum, want heights "
        'that can be brought to NAP height; write context.crs = "EPSG:horizontal+vertical", '
        "or reproject the file to the scene's CRS")),
    "no_buildings.json": (InputError, (
        "no_buildings.json: got no building (1 Road), want objects of type Building; "
        "leave the file out of the context")),
    "buildings_without_geometry.json": (InputError, (
        "buildings_without_geometry.json#lod: got no surface or solid, only lod none, "
        "want a level that is there; set lod to one of these, or leave it out")),
    "vertex_out_of_range.json": (InputError, (
        "vertex_out_of_range.json#/CityObjects/house: got vertex number 7, want a number from 0 to 6; "
        f"{AGAIN}")),
    "vertex_negative.json": (InputError, (
        "vertex_negative.json#/CityObjects/house: got vertex number -2, want a number from 0 to 7; "
        f"{AGAIN}")),
    "nested_too_flat.json": (InputError, (
        "nested_too_flat.json#/CityObjects/house: got boundaries that are not nested like a Solid, "
        f"want rings of vertex numbers; {AGAIN}")),
    "vertex_of_two_numbers.json": (InputError, (
        "vertex_of_two_numbers.json#/vertices: got rows that are not three numbers each, "
        f"want triples of numbers; {AGAIN}")),
    "vertex_not_a_number.json": (InputError, (
        "vertex_not_a_number.json#/vertices/7: got a coordinate that is no number, "
        f"want triples of numbers; {AGAIN}")),
    "object_without_type.json": (
        InputError, f"object_without_type.json#/CityObjects/house: got no type, want a city object; {AGAIN}"),
    "feature_without_header.city.jsonl": (InputError, (
        'feature_without_header.city.jsonl: got type "CityJSONFeature", want "type": "CityJSON"; '
        "put the line with the metadata and the transform first")),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_defect_is_refused_in_one_sentence(name: str) -> None:
    kind, sentence = TABLE[name]
    with pytest.raises(InputError) as caught:
        citymodel.read(FOLDER / name, FRAME)
    assert str(caught.value) == sentence
    assert type(caught.value) is kind


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.json: got no such file, want a CityJSON file"):
        citymodel.read(tmp_path / "gone.json", FRAME)


def test_files_are_what_the_generator_writes(tmp_path: Path) -> None:
    make(tmp_path)
    names = sorted(path.name for path in FOLDER.iterdir())
    assert names == sorted(path.name for path in tmp_path.iterdir())
    assert set(TABLE) == set(names)
    for name in names:
        assert (FOLDER / name).read_bytes() == (tmp_path / name).read_bytes(), name
