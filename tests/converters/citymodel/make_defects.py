"""Write the defective files of ``tests/defects/citymodel``: one defect each, named by it."""

from __future__ import annotations

from pathlib import Path

from converters.citymodel.models import CUBE, box_vertices, model, solid, write

FOLDER = Path(__file__).parents[2] / "defects" / "citymodel"


def make(folder: Path) -> None:
    """Write all of them; the same bytes each time."""
    folder.mkdir(parents=True, exist_ok=True)
    house, corners = {"type": "Building", "geometry": [solid(CUBE)]}, box_vertices()
    good = model({"house": house}, corners)
    (folder / "no_json.json").write_text('{"type": "CityJSON",\n "version": 2.0,,}\n', encoding="utf-8")
    (folder / "empty_file.json").write_bytes(b"")
    (folder / "not_utf8.json").write_bytes(b'{"type": "\xff\xfe"}')
    write(folder / "geojson.json", {"type": "FeatureCollection", "features": []})
    write(folder / "a_list.json", [1, 2, 3])
    write(folder / "version_0.8.json", {**good, "version": "0.8"})
    write(folder / "no_crs.json", model({"house": house}, corners, crs=None))
    write(folder / "unknown_crs.json", {**good, "metadata": {"referenceSystem": "EPSG:999999"}})
    write(folder / "no_vertical_datum.json", {**good, "metadata": {"referenceSystem": "EPSG:28991"}})
    write(folder / "no_buildings.json", model({"street": {"type": "Road", "geometry": []}}, corners))
    write(folder / "buildings_without_geometry.json", model({"house": {"type": "Building"}}, corners))
    write(folder / "vertex_out_of_range.json", {**good, "vertices": corners[:7]})
    write(folder / "vertex_negative.json",
          model({"house": {"type": "Building", "geometry": [solid([[0, 1, -2]])]}}, corners))
    write(folder / "nested_too_flat.json",
          model({"house": {"type": "Building", "geometry": [{**solid(CUBE), "boundaries": CUBE}]}}, corners))
    write(folder / "vertex_of_two_numbers.json", {**good, "vertices": [*corners[:7], [0.0, 1.0]]})
    write(folder / "vertex_not_a_number.json", {**good, "vertices": [*corners[:7], [0.0, float("nan"), 1.0]]})
    write(folder / "object_without_type.json", model({"house": {"geometry": []}}, corners))
    feature = {"type": "CityJSONFeature", "id": "house", "CityObjects": {"house": house}, "vertices": corners}
    write(folder / "feature_without_header.city.jsonl", feature)


if __name__ == "__main__":
    make(FOLDER)
