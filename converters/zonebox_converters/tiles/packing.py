"""Positions on a grid, so that a tile takes fewer bytes and nobody can see or measure the difference.

The grid's step is a power of two metres and the grid starts at the frame's origin: what a client makes of the stored
numbers is exact in float32, so the box of a tile bounds what is drawn and not only what was meant. All tiles of the
ground share one grid, or cracks would open between them: its step is 2 mm, in floats, whatever the tile's width.
Source: KHR_mesh_quantization, EXT_meshopt_compression, KHR_draco_mesh_compression (Khronos glTF registry).
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox.compression import COMPRESSIONS, DRACO, MESHOPT, NONE, QUANTISE
from zonebox.errors import InputError
from zonebox_converters.tiles.glb import Json, bounds

REQUIRED: Final = {NONE: (), QUANTISE: ("KHR_mesh_quantization",),
                   MESHOPT: ("EXT_meshopt_compression", "KHR_mesh_quantization"),
                   DRACO: ("KHR_draco_mesh_compression", "KHR_mesh_quantization")}
"""Extensions of glTF that a client must know to read tiles so compressed; a file names those that it uses."""

COARSEST_STEP_EXPONENT: Final = -7
"""16 bits are used where a step of 2^-7 m = 7.8 mm reaches over the tile (512 m): no vertex moves 6.8 mm or more."""

FINEST_STEP_EXPONENT: Final = -10
WIDE_STEP_EXPONENT: Final = -9
"""Wider tiles keep float32, rounded to 2 mm: trailing zeros are what gzip and meshopt live on."""

FURTHEST_M: Final = 16384.0
"""Beyond, 24 bits do not count so far in such steps: positions stay as they are."""

MOST_ERROR_MM: Final = 1000.0 * 3**0.5 / 2 * 2.0**COARSEST_STEP_EXPONENT
"""No vertex is moved further than this by any compression."""

_MODULES: Final = {MESHOPT: "meshopt", DRACO: "DracoPy"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """Positions as they are stored, and where they are once read.

    Parameters
    ----------
    stored : (n, 3) int16 or float32
        y up.
    real : (n, 3) float64
        What a client makes of them, y up, metres.
    exponent : int or None
        Steps are 2 to this power, metres; None where positions are stored as they were.
    node : Json
        Scale and translation that undo the quantisation.
    """

    stored: NDArray[np.int16] | NDArray[np.float32]
    real: NDArray[np.float64]
    exponent: int | None = None
    node: Json = field(default_factory=dict)

    @property
    def error_m(self) -> float:
        """How far a vertex may be moved: half a step along each axis."""
        return 0.0 if self.exponent is None else float(3**0.5 / 2 * 2.0**self.exponent)

    def moved_m(self, positions: NDArray[np.float64]) -> float:
        """How far the vertex that is furthest from where it was given (n, 3) was moved."""
        return float(np.linalg.norm(self.real - positions, axis=1).max())


def placed(positions: NDArray[np.float64], compression: str, *, one_grid: bool = False) -> Placed:
    """Put positions (n, 3), y up, on the grid that a compression allows them.

    With ``one_grid`` its step does not depend on the tile: what tiles of frames that differ by whole metres share
    (`place.same_grid`) stays at one place.

    Examples
    --------
    >>> found = placed(np.array([[0.0, 1.0, 2.0], [100.0, 1.0, 2.3]]), "quantise")
    >>> found.stored.dtype.name, found.exponent, round(found.error_m * 1000, 2)
    ('int16', -9, 1.69)
    >>> placed(np.array([[0.0, 1.0, 2.0], [600.0, 1.0, 2.3]]), "quantise").stored.dtype.name
    'float32'
    """
    low, high = bounds(positions)
    if compression == NONE or max(-low.min(), high.max()) >= FURTHEST_M:
        stored = positions.astype(np.float32) + np.float32(0.0)      # no zero below zero
        return Placed(stored=stored, real=stored.astype(np.float64))
    extent = float((high - low).max())
    exponent = max(FINEST_STEP_EXPONENT, int(np.ceil(np.log2(max(extent, 1e-3) / 65_532))))
    if compression == DRACO or one_grid or exponent > COARSEST_STEP_EXPONENT:
        real = np.rint(np.ldexp(positions, -WIDE_STEP_EXPONENT)) * 2.0**WIDE_STEP_EXPONENT + 0.0
        return Placed(stored=real.astype(np.float32), real=real, exponent=WIDE_STEP_EXPONENT)
    step = 2.0**exponent
    middle = np.rint((low + high) / 2 / step)
    steps = np.rint(positions / step)
    node: Json = {"translation": (middle * step).tolist(), "scale": [step] * 3}
    return Placed(stored=(steps - middle).astype(np.int16), real=steps * step, exponent=exponent, node=node)


def check_compression(compression: str, version: str) -> None:
    """See to it that a compression can be written.

    Raises
    ------
    InputError
        It has no such name, its library is not installed, or the version of 3D Tiles is for clients too old for it.
    """
    where = "--compress"
    if compression not in COMPRESSIONS:
        raise InputError(where, got=f'"{compression}"', want=", ".join(COMPRESSIONS), then="name one of them")
    if compression != NONE and version == "1.0":
        raise InputError(where, got=f"{compression} with 3D Tiles 1.0, which is written for platforms that read no "
                         "compressed glTF", want="3D Tiles 1.1, or none", then="leave one of the two options out")
    if not available(compression):
        raise InputError(where, got=f"{compression}, and {_MODULES[compression]} is not installed",
                         want="the library that compresses",
                         then=f"pip install 'zonebox[{compression}]', or choose quantise")


def available(compression: str) -> bool:
    """Whether the library is there that a compression needs, to write as to read."""
    return compression not in _MODULES or importlib.util.find_spec(_MODULES[compression]) is not None


def declared(compression: str) -> Json:
    """Say of a tileset how it is compressed, what a client must know for it, and how far a vertex may be moved."""
    if compression == NONE:
        return {}
    return {"compression": {"kind": compression, "clientNeeds": list(REQUIRED[compression]),
                            "mostPositionError_mm": round(MOST_ERROR_MM, 3)}}
