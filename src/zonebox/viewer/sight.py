"""Where in a picture things are seen, and the picture itself as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.model import Scene
from zonebox.viewer import camera, overlay
from zonebox.viewer.drawable import Layer, Material


def parts(view: camera.View, shown: Sequence[Layer], size: tuple[int, int]) -> list[overlay.Rect]:
    """Find where the offending parts are seen, one rectangle a finding."""
    rects = []
    for layer in shown:
        for surface in layer.surfaces:
            if surface.material is not Material.SIGNAL:
                continue
            spots, depth = view.project(surface.mesh.vertices, size)
            corners = surface.triangle_subject[:, None].repeat(3, 1).ravel()
            for number in range(len(surface.subjects)):
                seen = spots[surface.mesh.triangles.ravel()[(corners == number)]]
                if len(seen) and (depth > 0).all():
                    (x0, y0), (x1, y1) = seen.min(0), seen.max(0)
                    rects.append(overlay.Rect(x0=float(x0), y0=float(y0), x1=float(x1), y1=float(y1)))
    return rects


def buildings(view: camera.View, scene: Scene, size: tuple[int, int]) -> list[tuple[shapely.Geometry, float]]:
    """Find where buildings are seen, and how near."""
    boxes = [b.mesh.bounds for b in (*scene.designs, *scene.context) if len(b.mesh)]
    spots, depth = view.project(camera.corners(boxes), size)
    spots, depth = spots.reshape(-1, 8, 2), depth.reshape(-1, 8)
    ahead = (depth > 0).all(1)
    hulls = shapely.convex_hull(shapely.multipoints(shapely.points(spots[ahead])))
    return list(zip(hulls, np.median(depth[ahead], axis=1).tolist(), strict=True))


def pixels(window: Any) -> NDArray[np.uint8]:
    """Draw a window once and read it: (height, width, 3), first row on top."""
    import pyvista as pv
    from vtkmodules.vtkRenderingCore import vtkWindowToImageFilter

    window.Render()
    reader = vtkWindowToImageFilter()
    reader.SetInput(window)
    reader.SetInputBufferTypeToRGB()
    reader.ReadFrontBufferOff()
    reader.ShouldRerenderOff()
    reader.Update()
    image = pv.wrap(reader.GetOutput())
    wide, tall, _ = image.dimensions
    return np.asarray(image.point_data.active_scalars).reshape(tall, wide, 3)[::-1]
