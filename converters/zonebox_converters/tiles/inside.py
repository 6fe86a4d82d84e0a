"""What is wrong with a content that was read, and whether it stays within the volumes of its tile."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox_converters.tiles.glbcheck import Glb, check_glb, read_glb
from zonebox_converters.tiles.legacy import read_legacy
from zonebox_converters.tiles.promises import Promises, triangle_count
from zonebox_converters.tiles.volumes import Volume, finite_numbers

SLACK_M: Final = 2e-3
"""A point this far outside a volume is inside: float32 positions and rounded matrices ..."""

SLACK_RATIO: Final = 1e-6
"""... and, for large volumes, this part of their size."""

MISBUILT: Final = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError)
"""What reading a document raises that has the wrong kind of value somewhere."""

NOTHING: Final = Promises()
"""A tileset promises nothing beyond the standard unless it says so."""

Y_TO_Z: Final = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""Turns glTF's y-up into the tile's z-up (3D Tiles 1.1, 6.7.1.6.3)."""


def legacy_problems(data: bytes, matrix: NDArray[np.float64], volumes: list[Volume],
                    promises: Promises = NOTHING) -> list[str]:
    """Say what is wrong with a content of 3D Tiles 1.0; instances are not placed, so theirs leave no volume."""
    embedded, wrong = read_legacy(data)
    for entry in embedded:
        if entry.points is not None:
            wrong += _outside((entry.points + entry.center) @ matrix[:3, :3].T + matrix[:3, 3], volumes)
            continue
        glb, inner = read_glb(entry.glb)
        wrong += gltf_problems(glb, [f"holds a GLB that {text}" for text in inner], matrix,
                               volumes if entry.center is not None else [], entry.center, promises)
    return wrong


def gltf_problems(glb: Glb | None, wrong: list[str], matrix: NDArray[np.float64], volumes: list[Volume],
                  center: NDArray[np.float64] | None = None, promises: Promises = NOTHING) -> list[str]:
    """Say what is wrong with a glTF that was read, or could not be (``wrong``), and where it leaves its volumes.

    ``center`` (3,) is added to its vertices after they are turned z up.
    """
    if glb is None:
        return wrong
    placed: list[NDArray[np.float64]] = []
    count = 0
    try:
        placed = check_glb(glb)
        count = triangle_count(glb)
    except MISBUILT as error:
        glb.problems.append(f"is not built as glTF asks ({type(error).__name__}: {error})")
    middle = (np.zeros(3) if center is None else center) + _own_center(glb)
    for points in placed:
        world = points @ (matrix[:3, :3] @ Y_TO_Z).T + matrix[:3, :3] @ middle + matrix[:3, 3]
        glb.problems += _outside(world, volumes)
    return list(dict.fromkeys([*wrong, *glb.problems, *promises.broken(0, count)]))


def _own_center(glb: Glb) -> NDArray[np.float64]:
    """Point (3,), z up, that a glTF counts its vertices from by an extension of older tilesets."""
    told = glb.document.get("extensions", {}).get("CESIUM_RTC", {})
    return np.array(told["center"], dtype=np.float64) if finite_numbers(told.get("center"), 3) else np.zeros(3)


def _outside(points: NDArray[np.float64], volumes: list[Volume]) -> list[str]:
    """Say which volumes points (n, 3) of EPSG:4978 leave, and how far."""
    told = []
    for volume in volumes:
        out = float(volume.outside_m(points).max(initial=0.0))
        if out > slack_m(volume):
            told.append(f"a vertex lies {out:.3f} m out of the tile's {volume.kind}")
    return told


def slack_m(volume: Volume) -> float:
    """How far a point may lie outside a volume and still be taken for inside."""
    return max(SLACK_M, SLACK_RATIO * volume.size_m)
