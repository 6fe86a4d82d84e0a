"""How a layer is drawn; apart from the layers, so that a worker need not load the model of a scene."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a layer is drawn.

    ``smooth`` shades across triangles; ``outline`` draws folds into the faces (``CESIUM_primitive_outline``),
    ``lines`` as line primitives that every client shows; ``lift_m`` moves faces outward, so that a piece of a surface
    does not flicker with the surface.
    """

    smooth: bool = False
    outline: bool = False
    lines: bool = False
    double_sided: bool = True
    lift_m: float = 0.0
