"""What a run was made from: inputs with hashes, versions, timings, and how heights left the scene's datum."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Final

import numpy as np

from zonebox import __version__
from zonebox.model import Scene
from zonebox.report.files import write_json
from zonebox.stopwatch import Lap

LIBRARIES: Final = ("ifcopenshell", "laspy", "manifold3d", "numpy", "pyogrio", "pyproj", "pyvista", "shapely")
RUN_FILE: Final = "run.json"


def write_run(scene: Scene, laps: Iterable[Lap], path: Path) -> Path:
    """Write `run.json`. It holds timings, so it is the one output that differs between two runs."""
    shapes = [p.shape.bounds for p in scene.plan.parcels]
    middle = (np.array(shapes)[:, :2].min(0) + np.array(shapes)[:, 2:].max(0)) / 2.0 if shapes else np.zeros(2)
    shift = scene.frame.height_shift(middle)
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
        "steps": [{"name": lap.name, "seconds": round(lap.seconds, 3), "peak_mb": round(lap.peak_mb)} for lap in laps],
        "versions": {"python": platform.python_version(), **{name: metadata.version(name) for name in LIBRARIES}},
    })


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
