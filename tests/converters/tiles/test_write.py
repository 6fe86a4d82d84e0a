"""Tiles read back by an independent reader are what was written, at the right place."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
from numpy.typing import NDArray

from converters.tiles import readback, samples
from zonebox.errors import InputError, OutputExistsError
from zonebox.frame import Frame
from zonebox.model import Building, Finding, Report, State
from zonebox_converters.tiles import write
from zonebox_converters.tiles.layers import margins_text
from zonebox_converters.tiles.metadata import NO_DATA

NONE = Report(findings=())


def oracle(frame: Frame, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """EPSG:4978 by pyproj in one operation each: compound CRS with its grids, or projection plus stated constant."""
    east, north, up = (frame.world(points)).T
    if frame.vertical_shift_m is None:
        go = pyproj.Transformer.from_crs(frame.crs, "EPSG:4978", always_xy=True, only_best=True, allow_ballpark=False)
        return np.stack(go.transform(east, north, up), axis=1)
    lon, lat = map(np.asarray, pyproj.Proj("EPSG:4548")(east, north, inverse=True))
    a, f = 6378137.0, 1 / 298.257223563
    e2, h = f * (2 - f), up + frame.vertical_shift_m
    lam, phi = np.radians(lon), np.radians(lat)
    n = a / np.sqrt(1 - e2 * np.sin(phi) ** 2)
    return np.stack([(n + h) * np.cos(phi) * np.cos(lam), (n + h) * np.cos(phi) * np.sin(lam),
                     (n * (1 - e2) + h) * np.sin(phi)], axis=1)


def written(tiles: list[readback.Tile]) -> NDArray[np.float64]:
    return np.concatenate([p.points[np.unique(p.indices)] for tile in tiles for p in tile.primitives])


def far_from(points: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(others).query(points)[0])


@pytest.fixture(params=["delft", "shandong"])
def frame(request: pytest.FixtureRequest) -> Frame:
    if request.param == "shandong":
        return samples.shandong()
    return samples.delft(request.getfixturevalue("shared_data"))


@pytest.mark.parametrize(("reach_m", "tolerance_m"), [(100.0, 1e-3), (10_000.0, 1e-3), (20_000.0, 1e-2)])
def test_vertices_stand_where_pyproj_puts_them(
    frame: Frame, tmp_path: Path, reach_m: float, tolerance_m: float
) -> None:
    corners = [(sx * reach_m, sy * reach_m) for sx in (-1, 0, 1) for sy in (-1, 0, 1)]
    buildings = [samples.context_box(f"b{k}", samples.box(x - 10, y - 8, 1.5, 20, 16, 30.25))
                 for k, (x, y) in enumerate(corners)]
    write(samples.context_scene(frame, buildings), NONE, tmp_path)
    expected = np.concatenate([oracle(frame, b.mesh.vertices) for b in buildings])
    got = written(readback.read_tiles(tmp_path / "tileset.json"))
    assert far_from(expected, got).max() < tolerance_m
    assert far_from(got, expected).max() < tolerance_m


def test_one_wide_triangle_is_not_flattened(frame: Frame, tmp_path: Path) -> None:
    """A feature larger than any cell keeps its corners too."""
    mesh = samples.box(-10_000, -10_000, 0, 20_000, 20_000, 50)
    write(samples.context_scene(frame, [samples.context_box("b", mesh)]), NONE, tmp_path)
    got = written(readback.read_tiles(tmp_path / "tileset.json"))
    assert far_from(oracle(frame, mesh.vertices), got).max() < 1e-3


def test_heights_come_back_in_their_datum(shared_data: Path, tmp_path: Path) -> None:
    scene, report = samples.block(samples.delft(shared_data))
    write(scene, report, tmp_path)
    design = readback.by_name(readback.read_tiles(tmp_path / "tileset.json"), "design")
    back = pyproj.Transformer.from_crs("EPSG:4978", "EPSG:7415", always_xy=True, only_best=True, allow_ballpark=False)
    points = written(design)
    east, north, up = back.transform(points[:, 0], points[:, 1], points[:, 2])
    assert up.max() == pytest.approx(14.4, abs=0.01)
    assert (east.min(), north.min()) == pytest.approx((85020.0, 448020.0), abs=0.01)


def test_metadata_reads_back_as_given(tmp_path: Path) -> None:
    scene, report = samples.block(samples.shandong())
    write(scene, report, tmp_path)
    tiles = readback.read_tiles(tmp_path / "tileset.json")
    tables = {tile.path.parent.name: tile.tables[0] for tile in tiles}
    design = tables["design"]
    assert design["globalId"] == [e.id for e in scene.designs[0].elements]
    assert design["name"] == [e.name for e in scene.designs[0].elements]
    assert design["storey"][:3] == ["1F", "1F", "1F"]
    assert set(design["variant"]) == {"甲"}
    verdicts = dict(zip(design["globalId"], design["verdict"], strict=True))
    assert verdicts["0Roof000000000000000000"] == "FAIL"
    assert verdicts["0Slab000000000000000000"] is None
    assert tables["envelopes"] == {
        "parcel": ["A-01", "A-02"], "landUse": ["0701 城镇住宅用地", "0901"], "volume_m3": [7500.0, 13500.0],
        "footprint_m2": [750.0, 750.0], "top_m": [11.0, 19.0], "ground_m": [1.0, 1.0],
        "controls": ["height ≤ 10 m [示例控规图则 第三条]", "height ≤ 18 m [示例控规图则 第三条]"],
        "margins": ["height (tower) FAIL -3.4 m", ""], "verdict": ["FAIL", "NOT_CHECKED"]}
    assert tables["findings"] == {
        "id": ["A-01/tower/height"], "check": ["height"], "state": ["FAIL"], "parcel": ["A-01"], "design": ["tower"],
        "control": ["A-01/height"], "doc": ["示例控规图则"], "clause": ["第三条"], "value": [13.4], "limit": [10.0],
        "margin": [-3.4], "unit": ["m"], "cure": ["lower 3.4 m"],
        "elements": ["0Roof000000000000000000 0Pane000000000000000002"]}
    assert tables["context"]["id"] == [b.id for b in scene.context]
    assert tables["context"]["storeys"] == [float(b.attributes["storeys"]) for b in scene.context]
    assert tables["context"]["attributes"][0] == "storeys=2; 用途=住宅"
    assert tables["terrain"]["groundPoints"] == [12345]


def test_unknown_numbers_are_declared_no_data(tmp_path: Path) -> None:
    plain = samples.context_box("b", samples.box(0, 0, 0, 9, 9, 9))
    write(samples.context_scene(samples.shandong(), [plain]), NONE, tmp_path)
    (tile,) = readback.read_tiles(tmp_path / "tileset.json")
    schema = tile.document["extensions"]["EXT_structural_metadata"]["schema"]
    assert schema["classes"]["building"]["properties"]["storeys"]["noData"] == NO_DATA
    assert tile.tables[0]["storeys"] == [None]
    assert schema["classes"]["building"]["properties"]["height_m"]["extras"] == {"unit": "m"}


@pytest.mark.parametrize("compression", ["none", "meshopt"])
def test_texts_fill_their_buffer_view_or_are_left_out(tmp_path: Path, compression: str) -> None:
    """No buffer view may be empty, and that of texts has their bytes and no more: clients answer the default."""
    plain = samples.context_box("b", samples.box(0, 0, 0, 9, 9, 9))
    write(samples.context_scene(samples.shandong(), [plain]), NONE, tmp_path, compression=compression)
    data = (tmp_path / "context" / "all.glb").read_bytes()
    size = int.from_bytes(data[12:16], "little")
    document = json.loads(data[20:20 + size])
    extension = document["extensions"]["EXT_structural_metadata"]
    declared = extension["schema"]["classes"]["building"]["properties"]
    columns = extension["propertyTables"][0]["properties"]
    assert set(declared) - set(columns) == {"attributes"}
    assert declared["attributes"]["default"] == ""
    assert not any(p.get("required") for p in declared.values())
    for name in ("id", "name", "source"):
        view, ends = (document["bufferViews"][columns[name][key]] for key in ("values", "stringOffsets"))
        at = 28 + size + ends["byteOffset"]
        assert int.from_bytes(data[at + 4:at + 8], "little") == view["byteLength"]


def test_features_own_their_triangles(tmp_path: Path) -> None:
    """Every vertex of an element's id lies within that element, whichever material it is drawn in."""
    scene, report = samples.block(samples.shandong())
    write(scene, report, tmp_path)
    (tile,) = readback.by_name(readback.read_tiles(tmp_path / "tileset.json"), "design")
    tower = scene.designs[0]
    seen = 0
    for primitive in tile.primitives:
        for feature in np.unique(primitive.feature[primitive.indices]):
            used = np.unique(primitive.indices[primitive.feature[primitive.indices] == feature])
            mine = tower.mesh.part(tower.triangle_element == feature).vertices
            assert far_from(primitive.points[used], scene.frame.to_ecef(mine)).max() < 1e-3
            seen += 1
    assert seen == len(tower.elements)


def test_normals_are_unit_and_outward(tmp_path: Path) -> None:
    scene, report = samples.block(samples.shandong())
    write(scene, report, tmp_path)
    for tile in readback.read_tiles(tmp_path / "tileset.json"):
        for primitive in tile.primitives:
            if primitive.normals is None:
                continue
            used = np.unique(primitive.indices)
            normals, points, owner = primitive.normals[used], primitive.points[used], primitive.feature[used]
            np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1.0, atol=1e-6)
            if tile.path.parent.name == "terrain":
                assert ((normals * (points / np.linalg.norm(points, axis=1, keepdims=True))).sum(1) > 0.9).all()
                continue
            for feature in np.unique(owner):
                mine = owner == feature
                outward = points[mine] - points[mine].mean(0)
                assert ((outward * normals[mine]).sum(1) > 0).all()


def test_translucent_faces_blend_and_outlines_are_drawn(tmp_path: Path) -> None:
    scene, report = samples.block(samples.shandong())
    write(scene, report, tmp_path)
    tiles = readback.read_tiles(tmp_path / "tileset.json")
    (design,) = readback.by_name(tiles, "design")
    assert [p.material.get("alphaMode", "OPAQUE") for p in design.primitives].count("BLEND") == 1
    (envelopes,) = readback.by_name(tiles, "envelopes")
    faces = [p for p in envelopes.primitives if p.mode == 4]
    lines = [p for p in envelopes.primitives if p.mode == 1]
    assert all(p.material["alphaMode"] == "BLEND" and p.material["doubleSided"] for p in faces)
    assert [len(p.indices) for p in lines] == [24, 24]          # twelve edges of a box, no diagonals
    (context,) = readback.by_name(tiles, "context")
    outline = context.primitives[0].json["extensions"]["CESIUM_primitive_outline"]["indices"]
    assert context.document["accessors"][outline]["count"] == 2 * 24 * len(scene.context)


def test_many_colours_go_to_the_vertices(tmp_path: Path) -> None:
    tower = samples.tower()
    colors = np.stack([np.arange(120), np.full(120, 90), np.full(120, 60), np.where(np.arange(120) < 12, 90, 255)], 1)
    motley = Building(id="m", name="", source="m.ifc", mesh=tower.mesh, elements=tower.elements,
                      triangle_element=tower.triangle_element, triangle_color=colors.astype(np.uint8))
    scene, _ = samples.block(samples.shandong())
    only = samples.context_scene(scene.frame, [])
    write(type(scene)(name="", title="", frame=scene.frame, plan=only.plan, terrain=None, context=(), designs=(motley,),
                      envelopes=()), NONE, tmp_path)
    (tile,) = readback.read_tiles(tmp_path / "tileset.json")
    assert [p.material.get("alphaMode", "OPAQUE") for p in tile.primitives] == ["OPAQUE", "BLEND"]
    assert all("COLOR_0" in p.json["attributes"] for p in tile.primitives)
    assert sum(len(p.indices) for p in tile.primitives) == 360


def test_layers_with_nothing_to_show_are_left_out(tmp_path: Path) -> None:
    result = write(samples.context_scene(samples.shandong(), [samples.context_box("b", samples.box(0, 0, 0, 9, 9, 9))]),
                   NONE, tmp_path)
    assert [layer.name for layer in result.layers] == ["context"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["context", "tileset.json", "zonebox-tiles.json"]
    nothing = write(samples.context_scene(samples.shandong(), []), NONE, tmp_path)
    assert nothing.layers == ()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["tileset.json", "zonebox-tiles.json"]


def test_root_says_which_heights_these_are(tmp_path: Path) -> None:
    result = write(*samples.block(samples.shandong()), tmp_path)
    root = json.loads((tmp_path / "tileset.json").read_text(encoding="utf-8"))
    assert root["asset"]["version"] == "1.1"
    said: dict[str, Any] = root["metadata"]["properties"]
    assert (said["vertical"], said["verticalShift_m"], said["title"]) == ("ellipsoidal", -7.0, "示例街区")
    assert said["sourceVerticalDatum"].startswith("EPSG:5737")
    assert root["asset"]["extras"]["verticalShiftSource"] == "test"
    assert result.height_shift.shift_m == pytest.approx(-7.0)
    assert [layer.name for layer in result.layers] == ["terrain", "context", "design", "envelopes", "findings"]
    assert result.size_bytes == sum(p.stat().st_size for p in tmp_path.glob("*/*"))


def test_large_layers_are_split_and_small_edits_stay_local(tmp_path: Path) -> None:
    grid = [(40.0 * i, 40.0 * j) for i in range(-50, 50) for j in range(-50, 50)]
    buildings = [samples.context_box(f"b{k}", samples.box(x, y, 0, 18, 18, 5 + k % 9)) for k, (x, y) in enumerate(grid)]
    frame = samples.shandong()
    first = write(samples.context_scene(frame, buildings), NONE, tmp_path)
    files = {p.name: p.read_bytes() for p in (tmp_path / "context").iterdir()}
    assert len(files) > 4
    assert first.layers[0].triangles == 12 * len(buildings)
    assert sum(len(t.tables[0]["id"]) for t in readback.read_tiles(tmp_path / "tileset.json")) == len(buildings)
    x, y = grid[0]
    buildings[0] = samples.context_box("b0", samples.box(x, y, 0, 18, 18, 44))
    second = write(samples.context_scene(frame, buildings), NONE, tmp_path)
    changed = [name for name, data in files.items() if (tmp_path / "context" / name).read_bytes() != data]
    path = {name for name in changed if name.endswith(".glb")}
    assert len(path - {"far.glb"}) == 1, "its own tile"
    assert second.rewritten == len(path) + 2, "and the tilesets over it"


@pytest.mark.parametrize("implicit", [False, True])
def test_a_building_above_all_others_changes_its_own_layer_only(tmp_path: Path, implicit: bool) -> None:
    """The scene is larger with it, and every layer hangs on a tile with the scene's error."""
    scene, report = samples.block(samples.shandong())
    write(scene, report, tmp_path, implicit=implicit)
    files = {p: p.read_bytes() for p in tmp_path.rglob("*.*") if p.is_file()}
    x, y, _ = scene.context[0].mesh.vertices.min(axis=0)
    taller = samples.context_box(scene.context[0].id, samples.box(x, y, 0.5, 18, 14, 40.0))
    write(replace(scene, context=(taller, *scene.context[1:])), report, tmp_path, implicit=implicit)
    changed = {p.relative_to(tmp_path).as_posix() for p, data in files.items() if p.read_bytes() != data}
    assert {name for name in changed if not name.startswith("context/")} == {"tileset.json"}


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    scene, report = samples.block(samples.shandong())
    for name in ("one", "two"):
        write(scene, report, tmp_path / name)
    files = sorted(p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*") if p.is_file())
    assert len(files) == 17
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "one").rglob("*.*")}
    assert write(scene, report, tmp_path / "one").rewritten == 0
    assert {p: p.stat().st_mtime_ns for p in before if p.is_file()} == {p: t for p, t in before.items() if p.is_file()}


def test_foreign_files_are_left_alone(tmp_path: Path) -> None:
    scene, report = samples.block(samples.shandong())
    (tmp_path / "tileset.json").write_text("theirs")
    (tmp_path / "notes.txt").write_text("theirs")
    with pytest.raises(OutputExistsError, match="zonebox did not write"):
        write(scene, report, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["notes.txt", "tileset.json"]
    assert (tmp_path / "tileset.json").read_text() == "theirs"
    write(scene, report, tmp_path, force=True)
    (tmp_path / "context" / "mine.txt").write_text("mine")
    write(samples.context_scene(scene.frame, []), NONE, tmp_path)
    left = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert left == ["context/mine.txt", "notes.txt", "tileset.json", "zonebox-tiles.json"]


def test_progress_counts_the_tiles(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    write(*samples.block(samples.shandong()), tmp_path, progress=lambda *step: seen.append(step))
    assert seen == [(name, 1, 1) for name in ("terrain", "context", "design", "envelopes", "findings")]


def test_other_versions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'got "2\.0", want 1\.1'):
        write(*samples.block(samples.shandong()), tmp_path, version="2.0")
    assert list(tmp_path.iterdir()) == []


def test_py3dtiles_reads_the_tileset(tmp_path: Path) -> None:
    from py3dtiles.tileset import TileSet

    result = write(*samples.block(samples.shandong()), tmp_path)
    root = TileSet.from_file(tmp_path / "tileset.json")
    named = [f"{layer.name}/tileset.json" for layer in result.layers]
    assert [str(tile.content_uri) for tile in root.root_tile.children] == named
    for layer in result.layers:
        again = TileSet.from_file(layer.path)
        assert again.root_tile.bounding_volume is not None
        np.testing.assert_allclose(np.linalg.det(again.root_tile.transform), 1.0)


def test_margins_name_the_worst_of_each_check() -> None:
    def found(
        ident: str, check: str, state: State, margin: float | None, design: str = "d", unit: str = "m"
    ) -> Finding:
        return Finding(id=ident, check=check, state=state, parcel="p", design=design, control=None, margin=margin,
                       unit=unit)

    told = margins_text([
        found("1", "setback", State.PASS, 2.0), found("2", "setback", State.FAIL, -0.25),
        found("3", "setback", State.FAIL, -0.5), found("4", "far", State.PASS, 0.125, unit=""),
        found("5", "setback", State.PASS, 1.0, design="e"), found("6", "coverage", State.NOT_CHECKED, None)])
    assert told == "setback (d) FAIL -0.5 m; far (d) PASS +0.125; setback (e) PASS +1 m"
