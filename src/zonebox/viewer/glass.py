"""Translucent surfaces, drawn from back to front.

Blending is only right in that order. The renderer's own way of finding it, peeling the picture layer by layer, loses
whole surfaces on software drivers; sorting the triangles for the present camera is exact enough, quick, and gives the
same picture on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.mesh import merged
from zonebox.viewer.camera import View
from zonebox.viewer.drawable import Surface


class Glass:
    """All translucent triangles of a stage, in one body that is sorted anew for each camera.

    Parameters
    ----------
    panes : sequence of (str, Surface)
        Surfaces with the name of their layer.
    origin : (3,) float64
        Local origin of the stage, in the frame.
    add : callable
        Puts a body on the stage and returns its actor.
    """

    def __init__(
        self, panes: Sequence[tuple[str, Surface]], origin: NDArray[np.float64], add: Callable[[Any], Any]
    ) -> None:
        mesh = merged([surface.mesh for _, surface in panes])
        counts = [len(surface.mesh) for _, surface in panes]
        self._layers = np.repeat(np.array([layer for layer, _ in panes]), counts)
        self._points = (mesh.vertices - origin).astype(np.float32)
        self._triangles = mesh.triangles
        self._middles = mesh.corners.mean(1)
        self._colors = np.concatenate([surface.colors for _, surface in panes])
        self.subjects, self._subject = _subjects([surface for _, surface in panes])
        self._actor = add(self._body(np.arange(len(mesh))))

    def sort(self, view: View, shown: Collection[str]) -> None:
        """Order the triangles of the shown layers for a camera, farthest first."""
        depth = (self._middles - view.position) @ view.axes()[2]
        order = np.argsort(-depth, kind="stable")
        self._actor.mapper.dataset = self._body(order[np.isin(self._layers[order], list(shown))])

    def _body(self, order: NDArray[np.intp]) -> Any:
        import pyvista as pv

        body = pv.PolyData.from_regular_faces(self._points, self._triangles[order])
        body.cell_data["subject"] = self._subject[order]
        body.cell_data["rgba"] = self._colors[order]
        body.cell_data.active_scalars_name = "rgba"
        return body


def _subjects(surfaces: Sequence[Surface]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Subjects of several surfaces in one list, and for each triangle its place in it."""
    names: list[str] = []
    numbers = []
    for surface in surfaces:
        numbers.append(surface.triangle_subject + np.int32(len(names)))
        names += surface.subjects
    return tuple(names), np.concatenate(numbers).astype(np.int32)
