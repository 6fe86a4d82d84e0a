"""Local city systems: plane coordinates brought to a known CRS by parameters or control points of the user (E3).

Their parameters are confidential, so zonebox never guesses them: a four-parameter (Helmert) or affine transformation is
stated, or found from control points, and then its residuals are told.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zonebox.errors import InputError

LOCAL: Final = "local"
"""The word that stands for the local system where a CRS is asked for."""
METHODS: Final = ("helmert", "affine")
MAX_RESIDUAL_M: Final = 0.10
"""Control points that fit worse are refused, unless the user states another bound."""
_MAX_SCALE: Final = 0.005
"""Plane systems of one place differ in scale by less: projection plane height and zone edge make 0.1 %."""
_NEEDED: Final = {"helmert": 2, "affine": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSystem:
    """E = a x + b y + c, N = d x + e y + f, metres, from local x (east), y (north) to the scene's horizontal CRS.

    ``residuals_m`` are (east, north) of each control point, transformed minus given; empty where parameters are stated.
    """

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float
    method: str
    residuals_m: tuple[tuple[float, float], ...] = ()

    def to_scene(self, points: ArrayLike) -> NDArray[np.float64]:
        """Bring points (n, 2 or 3) to the scene's CRS; heights stay."""
        p = np.array(points, dtype=np.float64)
        x, y = p[..., 0].copy(), p[..., 1].copy()
        p[..., 0] = self.a * x + self.b * y + self.c
        p[..., 1] = self.d * x + self.e * y + self.f
        return p

    @property
    def worst_m(self) -> float:
        """Largest residual."""
        return max((math.hypot(*r) for r in self.residuals_m), default=0.0)

    def __str__(self) -> str:
        """Say how it was found and how well it fits."""
        scale = math.sqrt(abs(self.a * self.e - self.b * self.d))
        turn = math.degrees(math.atan2(self.d, self.a))
        how = f"{self.method}: rotation {turn:.6f}°, scale {scale:.8f}"
        if not self.residuals_m:
            return f"{how}, as stated"
        size = len(self.residuals_m)
        if size == _NEEDED[self.method]:
            return f"{how}, from {size} control points, no more than it needs: their errors cannot show"
        each = ", ".join(f"{k + 1}: {math.hypot(*r) * 1000:.0f} mm" for k, r in enumerate(self.residuals_m))
        return f"{how}, from {size} control points, residuals {each}"


def local_system(table: Mapping[str, Any], *, where: str) -> LocalSystem:
    """Make a local system of what a scene states.

    Parameters
    ----------
    table : mapping
        ``helmert`` with ``dx``, ``dy``, ``rotation_deg`` (counter-clockwise, of the local axes in the scene's CRS) and
        ``scale``; or ``affine`` = [a, b, c, d, e, f]; or ``control_points`` = [[x, y, E, N], ...] with ``method`` and
        ``max_residual_m``.
    where : str
        The table, for messages.

    Raises
    ------
    InputError
        None or several of the three; numbers missing; too few, collinear or badly fitting control points.

    Examples
    --------
    >>> system = local_system({"helmert": {"dx": 500000.0, "dy": 4000000.0, "rotation_deg": 90.0}}, where="scene.local")
    >>> system.to_scene([[10.0, 2.0]]).round(6).tolist()
    [[499998.0, 4000010.0]]
    """
    given = [key for key in ("helmert", "affine", "control_points") if key in table]
    if len(given) != 1:
        raise InputError(where, got=" and ".join(given) or "no parameters",
                         want="one of helmert, affine and control_points")
    if given == ["helmert"]:
        return _helmert(table["helmert"], where)
    if given == ["affine"]:
        numbers = _numbers(table["affine"], 6, f"{where}.affine", "six numbers [a, b, c, d, e, f]")
        a, b, c, d, e, f = numbers
        if abs(a * e - b * d) < 1e-9:
            raise InputError(f"{where}.affine", got="coefficients that flatten the plane", want="E = a x + b y + c, "
                             "N = d x + e y + f")
        return LocalSystem(a=a, b=b, c=c, d=d, e=e, f=f, method="affine")
    method = str(table.get("method", "helmert"))
    if method not in METHODS:
        raise InputError(f"{where}.method", got=f'"{method}"', want=f"one of {', '.join(METHODS)}")
    return _fitted(table["control_points"], method, float(table.get("max_residual_m", MAX_RESIDUAL_M)), where)


def _helmert(values: Any, where: str) -> LocalSystem:
    known = ("dx", "dy", "rotation_deg", "scale")
    if not isinstance(values, Mapping) or not {"dx", "dy"} <= set(values) or set(values) - set(known):
        raise InputError(f"{where}.helmert", got=f"{values!r}", want="{ dx, dy, rotation_deg, scale } in metres and "
                         "degrees")
    stated = [values.get(key, float(key == "scale")) for key in known]
    dx, dy, turn, scale = _numbers(stated, 4, f"{where}.helmert", "numbers")
    _refuse_scale(scale, f"{where}.helmert")
    cos, sin = scale * math.cos(math.radians(turn)), scale * math.sin(math.radians(turn))
    return LocalSystem(a=cos, b=-sin, c=dx, d=sin, e=cos, f=dy, method="helmert")


def _fitted(rows: Any, method: str, most: float, where: str) -> LocalSystem:
    """Fit by least squares, about the middle of the points so that large coordinates lose no digits."""
    place = f"{where}.control_points"
    if not isinstance(rows, Sequence) or len(rows) < _NEEDED[method]:
        got = f"{len(rows)} control points" if isinstance(rows, Sequence) else repr(rows)
        raise InputError(place, got=got, want=f"{_NEEDED[method]} or more [x, y, E, N] for {method}")
    points = np.array([_numbers(row, 4, place, "[x, y, E, N]") for row in rows])
    middle = points.mean(axis=0)
    x, y, east, north = (points - middle).T
    if np.linalg.matrix_rank(np.stack([x, y]), tol=1e-3) < (2 if method == "affine" else 1):
        raise InputError(place, got="control points in one line" if method == "affine" else "one place several times",
                         want="points spread over the plan")
    matrix = _affine_matrix(x, y, east, north) if method == "affine" else _helmert_matrix(x, y, east, north)
    moved = np.stack([x, y], axis=1) @ matrix.T
    gap = moved - np.stack([east, north], axis=1)
    scale = math.sqrt(abs(float(np.linalg.det(matrix))))
    worst = int(np.argmax(np.hypot(*gap.T)))
    far = float(np.hypot(*gap[worst]))
    if far > most or abs(scale - 1.0) > _MAX_SCALE:
        swapped = np.hypot(*(np.stack([y, x], axis=1) @ _helmert_matrix(y, x, east, north).T
                             - np.stack([east, north], axis=1)).T).max()
        hint = "x and y of the control points look swapped: x is east, y is north" if swapped < min(far, most) else \
            "check that point, or state max_residual_m"
        if far > most:
            raise InputError(place, got=f"a residual of {far:.3f} m at point {worst + 1}", want=f"at most {most:g} m",
                             then=hint)
        _refuse_scale(scale, place)
    offset = middle[2:] - matrix @ middle[:2]
    (a, b), (d, e) = matrix.tolist()
    return LocalSystem(a=a, b=b, c=float(offset[0]), d=d, e=e, f=float(offset[1]), method=method,
                       residuals_m=tuple((round(float(u), 6), round(float(v), 6)) for u, v in gap))


def _helmert_matrix(
    x: NDArray[np.float64], y: NDArray[np.float64], east: NDArray[np.float64], north: NDArray[np.float64]
) -> NDArray[np.float64]:
    size = float((x**2 + y**2).sum())
    cos, sin = float((x * east + y * north).sum()) / size, float((x * north - y * east).sum()) / size
    return np.array([[cos, -sin], [sin, cos]])


def _affine_matrix(
    x: NDArray[np.float64], y: NDArray[np.float64], east: NDArray[np.float64], north: NDArray[np.float64]
) -> NDArray[np.float64]:
    found = np.linalg.lstsq(np.stack([x, y], axis=1), np.stack([east, north], axis=1), rcond=None)[0]
    return np.asarray(found.T, dtype=np.float64)


def _refuse_scale(scale: float, place: str) -> None:
    if abs(scale - 1.0) > _MAX_SCALE:
        raise InputError(place, got=f"a scale of {scale:.6g}", want="a scale within 0.5 % of 1",
                         then="give local coordinates and parameters in metres")


def _numbers(values: Any, count: int, place: str, want: str) -> list[float]:
    good = isinstance(values, Sequence) and len(values) == count and all(
        isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in values)
    if not good:
        raise InputError(place, got=f"{values!r}", want=want)
    return [float(v) for v in values]
