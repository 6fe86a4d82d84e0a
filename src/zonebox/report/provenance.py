"""What a run was made from: inputs with hashes, versions, timings, and how heights left the scene's datum."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox import __version__
from zonebox.files import write_json
from zonebox.frame import Entry
from zonebox.model import Scene
from zonebox.stopwatch import Lap
from zonebox.words import Language, word

LIBRARIES: Final = ("ifcopenshell", "laspy", "manifold3d", "numpy", "pyogrio", "pyproj", "pyvista", "shapely")
RUN_FILE: Final = "run.json"


def write_run(scene: Scene, laps: Iterable[Lap], path: Path) -> Path:
    """Write `run.json`. It holds timings, so it is the one output that differs between two runs."""
    shift = scene.frame.height_shift(middle_of(scene))
    return write_json(path, {
        "zonebox": __version__,
        "scene": scene.name,
        "inputs": [{"name": s.name, "sha256": s.sha256} for s in scene.sources],
        "crs": {"name": scene.frame.crs, "horizontal": scene.frame.horizontal_label,
                "vertical": scene.frame.vertical_label, "origin": list(scene.frame.origin)},
        "vertical_shift": {
            "shift_m": round(shift.shift_m, 4), "operation": shift.operation, "accuracy_m": shift.accuracy_m,
            "source": shift.source, "at_lon_lat": [round(float(v), 8) for v in shift.at],
        },
        "sources": [
            {"name": name, "sha256": _hash_of(name, scene), "crs": entry.crs, "operation": entry.operation,
             "accuracy_m": entry.accuracy_m, "height_shift_m": entry.height_shift_m} for name, entry in entered(scene)],
        "steps": [{"name": lap.name, "seconds": round(lap.seconds, 3), "peak_mb": round(lap.peak_mb)} for lap in laps],
        "versions": {"python": platform.python_version(), **{name: metadata.version(name) for name in LIBRARIES}},
    })


def entered(scene: Scene) -> list[tuple[str, Entry]]:
    """Tell how every file with coordinates came into the frame: layers of the plan, terrain, what stands, designs."""
    buildings = (b for group in (scene.context, scene.demolished, scene.designs) for b in group)
    terrain = scene.terrain.entries if scene.terrain is not None else ()
    every = [*scene.plan.entries, *terrain, *scene.entries,
             *((b.source, b.entry) for b in buildings if b.entry is not None)]
    return list(dict.fromkeys(every))


def _hash_of(name: str, scene: Scene) -> str | None:
    """Hash of the file that a source, ``file`` or ``file:layer``, was read from; a database has none."""
    held = (s.sha256 for s in scene.sources if name == s.name or name.startswith(f"{s.name}:"))
    return next(held, None)


def statements(scene: Scene, lang: Language) -> list[tuple[str, str]]:
    """Say what a report was made from, as (what, which) rows: scene, references, inputs with hashes, versions."""
    frame = scene.frame
    shift = frame.height_shift(middle_of(scene))
    rows = [
        (scene.name, (scene.title_zh if lang == "zh" else "") or scene.title),
        (word("report.crs", lang), f"{frame.horizontal} {frame.horizontal_label}"),
        (word("report.vertical", lang), f"{frame.vertical} {frame.vertical_label}"),
        (word("report.shift", lang), f"{shift.shift_m:+.3f} m ({shift.source}; {shift.operation})"),
    ]
    if scene.terrain is not None:
        ground = scene.terrain
        rows.append((word("report.terrain", lang), word("understood.tin", lang).format(
            ground.ground_points, len(ground.mesh), ground.max_error_m, ground.rms_error_m)))
    rows += [(source.name, f"{word('report.hash', lang)} {source.sha256}") for source in scene.sources]
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in LIBRARIES)
    return [*rows, (word("report.versions", lang), f"zonebox {__version__}, {versions}")]


def middle_of(scene: Scene) -> NDArray[np.float64]:
    """Middle (2,) of the plan, in the frame."""
    shapes = [p.shape.bounds for p in scene.plan.parcels]
    return (np.array(shapes)[:, :2].min(0) + np.array(shapes)[:, 2:].max(0)) / 2.0 if shapes else np.zeros(2)


def is_ours(folder: Path) -> bool:
    """Whether a run of zonebox wrote into this folder before."""
    try:
        content = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and "zonebox" in content


def mark(folder: Path) -> None:
    """Sign a fresh output folder as ours, so that an interrupted run can be repeated."""
    if not is_ours(folder):
        write_json(folder / RUN_FILE, {"zonebox": __version__, "state": "started"})
