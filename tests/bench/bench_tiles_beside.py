"""How many bytes tiles take beside what other tools make of the same data, in one run.

Run: python tests/bench/bench_tiles_beside.py [--parcels N] [--points N] [--tools FOLDER]
Meshes: trimesh's exporter, and 3d-tiles-tools on its file, of the same triangles; for points py3dtiles.
3d-tiles-tools is looked for in FOLDER/node_modules (npm install 3d-tiles-tools), tests/browser by default.
Columns: bytes of all contents, the same a triangle or point, after gzip, and what a client must fetch before it sees
something: the tileset's JSON with the topmost content of every branch. Files of the other tools for meshes have no
features, properties, outlines or levels of detail; zonebox's have all four, and their bytes are counted.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.bench_tiles import city
from converters.tiles.test_points import scans
from zonebox.compression import COMPRESSIONS
from zonebox.geometry.mesh import Mesh, merged
from zonebox.model import Report, Scene
from zonebox_converters.tiles import write

BROWSER = Path(__file__).resolve().parents[1] / "browser"
CONTENTS = (".glb", ".b3dm", ".pnts")
DRACO_STEP_M = 2.0**-9
"""Of zonebox; the default of 3d-tiles-tools is 2^-11 of the whole mesh, over a town more than a metre."""


def first_view(tileset: Path) -> int:
    """Bytes of a tileset's JSON, those it leads to, and the topmost content of every branch."""
    document = json.loads(tileset.read_text(encoding="utf-8"))

    def below(tile: dict[str, Any]) -> Iterator[int]:
        uri = tile.get("content", {}).get("uri")
        if uri is None:
            for child in tile.get("children", ()):
                yield from below(child)
        elif uri.endswith(".json"):
            yield first_view(tileset.parent / uri)
        else:
            yield (tileset.parent / uri).stat().st_size

    return tileset.stat().st_size + sum(below(document["root"]))


def row(name: str, files: list[Path], units: int, first: int) -> str:
    sizes = [len(path.read_bytes()) for path in files]
    zipped = sum(len(gzip.compress(path.read_bytes(), mtime=0)) for path in files)
    return (f"{name:<36} {len(files):>5} {sum(sizes):>12,} {sum(sizes) / units:>8.2f} {zipped / units:>8.2f} "
            f"{first:>12,}")


def contents(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in CONTENTS)


def meshes(scene: Scene, tools: Path, folder: Path) -> Iterator[str]:
    """Rows of the same triangles by each tool."""
    whole = merged([*(b.mesh for b in scene.context), *(e.solid for e in scene.envelopes)])
    for kind in COMPRESSIONS:
        out = folder / kind
        write(scene, Report(findings=()), out, compression=kind)
        yield row(f"zonebox, --compress {kind}", contents(out), len(whole), first_view(out / "tileset.json"))
    plain = exported(whole, folder / "trimesh.glb")
    yield row("trimesh", [plain], len(whole), plain.stat().st_size)
    tools = tools.resolve()
    program = tools / "node_modules" / ".bin" / "3d-tiles-tools"
    if not program.exists():
        want = f"npm install --ignore-scripts --prefix {tools} 3d-tiles-tools"
        yield f"3d-tiles-tools                     not in {tools}: {want}"
        return
    bits = int(np.ceil(np.log2(float(np.ptp(whole.vertices, axis=0).max()) / DRACO_STEP_M)))
    packing = ("optimizeB3dm", "-i", folder / "glbToB3dm" / "all.b3dm")
    draco = ("--options", "--draco.compressMeshes")
    for name, words, options in (("glbToB3dm", ("glbToB3dm", "-i", plain), ()),
                                 ("Draco, its default bits", packing, draco),
                                 (f"Draco, {bits} bits", packing, (*draco, f"--draco.quantizePositionBits={bits}"))):
        out = folder / name.replace(" ", "_")
        out.mkdir()
        for call in ((*words, "-o", out / "all.b3dm", *options),
                     ("createTilesetJson", "-i", out / "all.b3dm", "-o", out / "tileset.json")):
            subprocess.run([program, *call], check=True, capture_output=True)
        yield row(f"3d-tiles-tools {name}", contents(out), len(whole), first_view(out / "tileset.json"))


def exported(mesh: Mesh, path: Path) -> Path:
    """Write a mesh with flat normals by trimesh."""
    import trimesh

    corners = mesh.vertices[mesh.triangles].reshape(-1, 3)
    flat = trimesh.Trimesh(corners, np.arange(len(corners)).reshape(-1, 3), process=False)
    path.write_bytes(flat.export(file_type="glb", include_normals=True))
    return path


def points(scene: Scene, count: int, folder: Path) -> Iterator[str]:
    """Rows of the same points by zonebox and py3dtiles."""
    import laspy

    given = scans(count)
    for kind in COMPRESSIONS[:-1]:
        out = folder / f"points_{kind}"
        write(scene, Report(findings=()), out, compression=kind, points=given)
        cloud = out / "pointcloud"
        yield row(f"zonebox, --compress {kind}", contents(cloud), count, first_view(cloud / "tileset.json"))
    xyz = scene.frame.world(np.concatenate([scan.points for scan in given]))
    las = laspy.LasData(laspy.LasHeader(point_format=1, version="1.2"))
    las.header.offsets, las.header.scales = xyz.min(axis=0), [0.001] * 3
    las.xyz = xyz
    las.classification = np.concatenate([scan.kinds for scan in given])
    las.intensity = np.concatenate([scan.strength for scan in given])
    las.write(folder / "points.las")
    for version in ("1.0", "1.1"):
        out = folder / f"py3dtiles_{version}"
        subprocess.run([Path(sys.executable).parent / "py3dtiles", "convert", folder / "points.las", "--out", out,
                        "--srs_in", "4548", "--srs_out", "4978", "--no-rgb", "--spec-version", version, "--jobs", "1"],
                       check=True, capture_output=True)
        yield row(f"py3dtiles, {version}", contents(out), count, first_view(out / "tileset.json"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parcels", type=int, default=10_000)
    parser.add_argument("--points", type=int, default=500_000)
    parser.add_argument("--tools", type=Path, default=BROWSER)
    given = parser.parse_args()
    head = f"{'files':>42} {'bytes':>12} {'each':>8} {'gzip':>8} {'first view':>12}"
    scene = city(given.parcels)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{given.parcels:,} envelopes and as many buildings, a triangle:\n{head}")
        for line in meshes(scene, given.tools, folder):
            print(line, flush=True)
        print(f"\n{given.points:,} points, a point:\n{head}")
        for line in points(city(4), given.points, folder):
            print(line, flush=True)


if __name__ == "__main__":
    main()
