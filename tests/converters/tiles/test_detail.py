"""Coarse tiles: no cracks, an error that is the distance to the full geometry, and a size that is bounded."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvista as pv
import trimesh
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from compressions import PACKED
from converters.tiles import readback, samples
from zonebox.geometry.mesh import Mesh, merged
from zonebox.geometry.nearness import hausdorff_m
from zonebox.model import Report, Scene, Terrain
from zonebox_converters.tiles import verify, write
from zonebox_converters.tiles.blocks import block_of
from zonebox_converters.tiles.glbcheck import check_glb, read_glb
from zonebox_converters.tiles.simplify import simplified

NONE = Report(findings=())
Corners = NDArray[np.float64]


def hills(count: int, half_m: float, seed: int = 1) -> Mesh:
    """Irregular ground with hills, a scarp and noise."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(-half_m, half_m, (count, 2))
    xy = np.concatenate([xy, half_m * np.array(list(itertools.product((-1, 1), repeat=2)))])
    z = 9 * np.sin(xy[:, 0] / 70) + 5 * np.cos(xy[:, 1] / 45) + np.where(xy[:, 0] > 30, 4.0, 0.0)
    triangles = Delaunay(xy).simplices
    u, v = xy[triangles[:, 1]] - xy[triangles[:, 0]], xy[triangles[:, 2]] - xy[triangles[:, 0]]
    flipped = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0] < 0
    triangles[flipped] = triangles[flipped][:, ::-1]
    return Mesh(vertices=np.column_stack([xy, z + rng.normal(0, 0.03, len(xy))]), triangles=triangles.astype(np.int32))


def ground(mesh: Mesh) -> Scene:
    terrain = Terrain(mesh=mesh, source="hills", max_error_m=0.1, rms_error_m=0.05, ground_points=len(mesh.vertices))
    empty = samples.context_scene(samples.shandong(), [])
    return Scene(name="hills", title="hills", frame=empty.frame, plan=empty.plan, terrain=terrain, context=(),
                 designs=(), envelopes=())


def house(ident: str, x: float, y: float, width: float, ridge: float, windows: int = 6) -> Any:
    """A gabled house with an outer stair and window boxes: many triangles, one block."""
    base = samples.box(x, y, 0.0, width, 12.0, 6.0)
    gable = np.array([[0, 0, 6], [width, 0, 6], [width, 12, 6], [0, 12, 6], [0, 6, ridge], [width, 6, ridge]], float)
    roof = Mesh(vertices=gable + np.array([x, y, 0.0]), triangles=np.array(
        [[0, 1, 5], [0, 5, 4], [2, 3, 4], [2, 4, 5], [3, 0, 4], [1, 2, 5], [0, 2, 1], [0, 3, 2]], dtype=np.int32))
    panes = [samples.box(x + 1 + k * (width - 2) / windows, y - 0.1, 2.0, 0.8, 0.1, 1.2) for k in range(windows)]
    return samples.context_box(ident, merged([base, roof, *panes]))


def plain_tile(path: Path, matrix: NDArray[np.float64]) -> Corners:
    """Corners (m, 3, 3) of the triangles of a tile, in EPSG:4978."""
    read = readback.read_tile(path, matrix)
    return np.concatenate([p.points[p.indices].reshape(-1, 3, 3) for p in read.primitives if p.mode == 4])


def tiles_of(tileset: Path, corners: Callable[[Path, NDArray[np.float64]], Corners] = plain_tile
             ) -> list[dict[str, Any]]:
    """Tiles of one tileset file, parents first; each knows its parent, its matrix and its own corners."""
    document = json.loads(tileset.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = []

    def visit(tile: dict[str, Any], outer: NDArray[np.float64], above: dict[str, Any] | None) -> None:
        m = outer @ np.array(tile.get("transform", np.eye(4).ravel())).reshape(4, 4, order="F")
        row = {"error": tile["geometricError"], "above": above, "under": [], "uri": tile.get("content", {}).get("uri")}
        if row["uri"]:
            row["corners"] = corners(tileset.parent / row["uri"], m)
        found.append(row)
        if above is not None:
            above["under"].append(row)
        for child in tile.get("children", []):
            visit(child, m, row)

    visit(document["root"], np.eye(4), None)
    return found


def leaves(tile: dict[str, Any]) -> Corners:
    """Full geometry under a tile."""
    return np.concatenate([leaves(c) for c in tile["under"]]) if tile["under"] else tile["corners"]


def one_sided(points: Corners, corners: Corners) -> float:
    """Distance of points to a surface, by VTK."""
    surface = pv.PolyData.from_regular_faces(*_as_mesh(corners))
    _, nearest = surface.find_closest_cell(points, return_closest_point=True)
    return float(np.linalg.norm(nearest - points, axis=1).max())


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("land")
    write(ground(hills(70_000, 400.0)), NONE, out)
    return out


def test_ground_errors_are_distances_to_the_full_ground_and_fall(land: Path) -> None:
    tiles = tiles_of(land / "terrain" / "tileset.json")
    inner = [t for t in tiles if t["under"]]
    assert len(inner) >= 2
    assert all(t["uri"] for t in tiles)
    assert all(t["error"] < t["above"]["error"] for t in tiles if t["above"])
    rng = np.random.default_rng(0)
    for tile in inner:
        full = leaves(tile)
        assert len(tile["corners"]) <= len(full) / 2
        origin = full.reshape(-1, 3).mean(0)
        some = rng.choice(full.reshape(-1, 3), 1500) - origin
        measured = one_sided(some, tile["corners"] - origin)
        assert 0.2 * tile["error"] < measured <= tile["error"] + 2e-3


def packed_tile(path: Path, matrix: NDArray[np.float64]) -> Corners:
    """Corners (m, 3, 3) of the triangles of a compressed tile, in EPSG:4978."""
    glb, _ = read_glb(path.read_bytes())
    assert glb is not None
    (points,) = check_glb(glb)
    (primitive,) = glb.document["meshes"][0]["primitives"]
    corners = glb.accessor(primitive["indices"])
    assert not glb.problems
    assert corners is not None
    x, y, z = points[corners.reshape(-1)].T
    return (np.stack([x, -z, y], axis=1) @ matrix[:3, :3].T + matrix[:3, 3]).reshape(-1, 3, 3)


@pytest.mark.parametrize("kind", ["none", *PACKED])
def test_ground_has_no_cracks_whichever_tiles_are_drawn(land: Path, kind: str, tmp_path: Path) -> None:
    """In any mix of levels only the rim of the whole ground is an edge with one triangle.

    Floats are rounded in each tile's own frame; compressed tiles share one grid, and what they share is at one place.
    """
    if kind == "none":
        root, apart_m = tiles_of(land / "terrain" / "tileset.json")[0], 1e-3
    else:
        write(ground(hills(70_000, 400.0)), NONE, tmp_path, compression=kind)
        root, apart_m = tiles_of(tmp_path / "terrain" / "tileset.json", packed_tile)[0], 1e-6
    rng = np.random.default_rng(3)

    def cut(tile: dict[str, Any], share: float) -> list[Corners]:
        if not tile["under"] or rng.random() > share:
            return [tile["corners"]]
        return [part for child in tile["under"] for part in cut(child, share)]

    def rim(corners: Corners) -> set[tuple[int, ...]]:
        ends = _welded(corners.reshape(-1, 3), apart_m).reshape(-1, 3)
        edges = Counter(tuple(sorted(pair)) for t in ends.tolist() for pair in itertools.pairwise([*t, t[0]]))
        return {edge for edge, count in edges.items() if count != 2}

    whole = np.concatenate(cut(root, 2.0))
    outline = len(rim(whole))
    drawn = {len(whole)}
    for _ in range(6 if kind == "none" else 3):
        mixed = np.concatenate(cut(root, 0.7))
        drawn.add(len(mixed))
        assert len(rim(mixed)) == outline
    assert len(drawn) > 1


def _welded(points: Corners, apart_m: float) -> NDArray[np.int64]:
    """Numbers of places: points no further apart are one."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    pairs = cKDTree(points).query_pairs(apart_m, output_type="ndarray")
    links = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(points), len(points)))
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)


def test_simplified_ground_keeps_its_plan_and_its_rim() -> None:
    mesh = hills(4000, 100.0)
    left = simplified(mesh.vertices, mesh.triangles, 1500)
    corners = mesh.vertices[left][:, :, :2]
    u, v = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) / 2
    assert len(left) <= 1500
    assert (area > 0).all()
    assert area.sum() == pytest.approx(200.0**2, rel=1e-9)
    flat = Mesh(vertices=mesh.vertices * (1, 1, 0), triangles=mesh.triangles)
    least = simplified(flat.vertices, flat.triangles, 0)
    assert len(least) < 300, "a plane needs little more than its rim"


def test_measured_distance_is_vtks() -> None:
    block = samples.box(0, 0, 0, 10, 8, 6).corners
    building = house("h", 0, 0, 10.0, 9.0).mesh.corners
    dense = np.concatenate([building.reshape(-1, 3), building.mean(1)])
    there = one_sided(dense, block)
    back = one_sided(trimesh.sample.sample_surface_even(
        trimesh.Trimesh(*_as_mesh(block), process=False), 4000, seed=1)[0], building)
    assert hausdorff_m(building, block) == pytest.approx(max(there, back), abs=0.3)
    assert hausdorff_m(block, building) == hausdorff_m(building, block)
    assert hausdorff_m(block, block) == 0.0


def _as_mesh(corners: Corners) -> tuple[Corners, NDArray[np.int64]]:
    return corners.reshape(-1, 3), np.arange(3 * len(corners)).reshape(-1, 3)


def test_a_block_is_the_footprint_up_to_the_roof() -> None:
    block = block_of(house("h", 3.0, 4.0, 14.0, 9.5).mesh.corners)
    assert trimesh.Trimesh(block.vertices, block.triangles).is_watertight
    np.testing.assert_allclose(block.bounds, [[3.0, 3.9, 0.0], [17.0, 16.0, 9.5]], atol=0.15)
    assert len(block) <= 24


def test_far_buildings_are_blocks_with_the_same_properties(tmp_path: Path) -> None:
    houses = [house(f"h{i}_{j}", 30.0 * i, 25.0 * j, 10.0 + j % 4, 8.0 + i % 3) for i in range(9) for j in range(9)]
    scene = samples.context_scene(samples.shandong(), houses)
    write(scene, NONE, tmp_path)
    far, full = tiles_of(tmp_path / "context" / "tileset.json")
    assert len(far["corners"]) == 81 * 12 < len(full["corners"]) / 2
    worst = max(hausdorff_m(h.mesh.corners, block_of(h.mesh.corners).corners) for h in houses)
    assert far["error"] == pytest.approx(worst, abs=1e-9)
    assert 1.0 < worst <= 4.0
    coarse, fine = (readback.read_tiles(tmp_path / "tileset.json", coarse=c)[0].tables[0] for c in (True, False))
    assert coarse == fine


def test_a_town_is_bounded_by_tile_and_a_change_stays_on_its_path(tmp_path: Path) -> None:
    spots = [(22.0 * i, 26.0 * j) for i in range(45) for j in range(45)]
    houses = [house(f"h{k}", x, y, 10.0 + k % 4, 8.0 + k % 5) for k, (x, y) in enumerate(spots)]
    frame = samples.shandong()
    result = write(samples.context_scene(frame, houses), NONE, tmp_path)
    tiles = tiles_of(tmp_path / "context" / "tileset.json")
    assert result.layers[0].triangles == sum(len(h.mesh) for h in houses)
    assert all(len(t["corners"]) <= 30_000 for t in tiles if t["uri"])
    assert all(t["error"] < t["above"]["error"] for t in tiles if t["above"])
    before = {p.name: p.read_bytes() for p in (tmp_path / "context").glob("*.glb")}
    houses[7] = house("h7", *spots[7], 11.0, 14.0)
    write(samples.context_scene(frame, houses), NONE, tmp_path)
    after = {p.name: p.read_bytes() for p in (tmp_path / "context").glob("*.glb")}
    assert before.keys() == after.keys()
    changed = {name for name in after if after[name] != before[name]}
    leaf = next(t for t in tiles if not t["under"] and t["uri"] in changed)
    path, tile = set(), leaf
    while tile is not None:
        path.add(tile["uri"])
        tile = tile["above"]
    assert changed <= path
    assert len(path) < len(after)


def test_the_verifier_holds_a_tileset_to_its_promises(tmp_path: Path) -> None:
    result = write(ground(hills(4000, 100.0)), NONE, tmp_path)
    assert verify(tmp_path) == []
    path = tmp_path / "terrain" / "tileset.json"
    sound = path.read_text(encoding="utf-8")
    document = json.loads(sound)
    document["root"]["children"][0]["geometricError"] = document["root"]["geometricError"]
    document["asset"]["extras"]["promises"]["mostTriangles"] = 5000
    document["asset"]["extras"]["promises"]["mostBytes"] = 100_000
    path.write_text(json.dumps(document), encoding="utf-8")
    said = sorted(str(problem) for problem in verify(tmp_path))
    assert len(said) == 3
    assert [text.split()[1:2] for text in said[:2]] == [["has"], ["has"]]
    assert "bytes, but the tileset promises 100,000" in said[1] or "bytes, but" in said[0]
    assert any(f"{result.layers[0].triangles:,} triangles, but the tileset promises 5,000" in text for text in said)
    assert "is not below the parent's" in said[2]


def test_crowded_places_are_dealt_out(tmp_path: Path) -> None:
    """A thousand features over one spot do not end up in one tile, nor do long texts."""
    floors = [samples.box(1, 1, 3.0 * k, 5, 5, 2.5) for k in range(4000)]
    stacked = [samples.context_box(f"s{k}", floor, note="x" * 4000) for k, floor in enumerate(floors)]
    result = write(samples.context_scene(samples.shandong(), stacked), NONE, tmp_path)
    tiles = tiles_of(tmp_path / "context" / "tileset.json")
    assert result.layers[0].triangles == 12 * 4000
    assert max(p.stat().st_size for p in tmp_path.rglob("*.glb")) < 8 << 20
    assert len([t for t in tiles if not t["under"]]) > 5
    assert verify(tmp_path) == []
