"""Drawables as actors on a plotter, around the stage's local origin, in single precision."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.mesh import triangle_normals
from zonebox.viewer.drawable import Lines, Material, Surface

LIGHT: Final[dict[Material, dict[str, float]]] = {
    Material.GROUND: {"ambient": 0.50, "diffuse": 0.68, "specular": 0.0},
    Material.MATTE: {"ambient": 0.50, "diffuse": 0.66, "specular": 0.0},
    Material.GLASS: {"ambient": 0.80, "diffuse": 0.26, "specular": 0.0},
    Material.SIGNAL: {"ambient": 0.72, "diffuse": 0.30, "specular": 0.0},
}

COARSE_TRIANGLES: Final = 150_000
"""A body of more triangles has a simpler one that is shown while the camera moves."""

COARSE_CELLS: Final = 96
"""The simpler body keeps one corner in each cell of a grid with this many cells along its longer side."""


def add_surface(plotter: Any, surface: Surface, origin: NDArray[np.float64], name: str) -> Any:
    """Put a surface on a plotter and return its actor."""
    import pyvista as pv

    body = pv.PolyData.from_regular_faces((surface.mesh.vertices - origin).astype(np.float32), surface.mesh.triangles)
    if len(surface.triangle_subject):
        body.cell_data["subject"] = surface.triangle_subject
    options: dict[str, Any] = {"lighting": True, "show_scalar_bar": False, "pickable": True, "name": name,
                               "reset_camera": False, "render": False, **LIGHT[surface.material]}
    if surface.texture is None or surface.texture_box is None:
        body.cell_data["rgba"] = surface.colors
        return plotter.add_mesh(body, scalars="rgba", rgba=True, **options)
    x0, y0, x1, y1 = surface.texture_box
    across = (surface.mesh.vertices[:, :2] - (x0, y0)) / (x1 - x0, y1 - y0)
    body.active_texture_coordinates = across.astype(np.float32)
    body.point_data.active_normals = _vertex_normals(surface)
    actor = plotter.add_mesh(body, texture=pv.Texture(np.ascontiguousarray(surface.texture)), **options)
    actor.prop.interpolation = "Phong"
    return actor


def add_lines(plotter: Any, lines: Lines, origin: NDArray[np.float64], name: str, *, ratio: int) -> Any:
    """Put lines on a plotter and return their actor; ``ratio`` is drawn pixels per seen pixel."""
    import pyvista as pv

    count = len(lines.segments)
    cells = np.column_stack([np.full(count, 2), np.arange(2 * count).reshape(-1, 2)])
    body = pv.PolyData((lines.segments.reshape(-1, 3) - origin).astype(np.float32), lines=cells.ravel())
    body.cell_data["rgba"] = lines.colors
    return plotter.add_mesh(body, scalars="rgba", rgba=True, line_width=lines.width_px * ratio, lighting=False,
                            show_scalar_bar=False, pickable=False, reset_camera=False, render=False, name=name)


def coarser(actor: Any) -> Any:
    """Make the simpler body of an actor; None where it is simple enough, or textured."""
    body = actor.mapper.dataset
    if body.n_cells < COARSE_TRIANGLES or "rgba" not in body.cell_data or body.n_lines:
        return None
    import pyvista as pv
    from vtkmodules.vtkFiltersCore import vtkQuadricClustering

    span = np.ptp(np.asarray(body.bounds).reshape(3, 2), axis=1)
    cells = np.maximum(1, np.ceil(COARSE_CELLS * span / max(float(span.max()), 1e-9))).astype(int)
    plain = pv.PolyData()
    plain.copy_structure(body)
    plain.cell_data["rgba"] = body.cell_data["rgba"]
    filter_ = vtkQuadricClustering()
    filter_.SetInputData(plain)
    filter_.SetNumberOfDivisions(*(int(n) for n in cells))
    filter_.CopyCellDataOn()
    filter_.UseInputPointsOn()
    filter_.Update()
    simple = pv.wrap(filter_.GetOutput())
    if not simple.n_cells:
        return None
    simple.cell_data.active_scalars_name = "rgba"
    return simple


def _vertex_normals(surface: Surface) -> NDArray[np.float32]:
    """Find unit normals (n, 3) at vertices, weighted by the areas of the faces around them."""
    faces = triangle_normals(surface.mesh.corners)
    total = np.stack([np.bincount(surface.mesh.triangles.ravel(), np.repeat(faces[:, axis], 3),
                                  minlength=len(surface.mesh.vertices)) for axis in range(3)], axis=1)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    unit = np.where(length > 0.0, total / np.where(length > 0.0, length, 1.0), (0.0, 0.0, 1.0))
    return np.asarray(unit, dtype=np.float32)
