"""Layers on a PyVista stage: lights, glass, camera, and the flat furniture over it.

The stage draws around a local origin near the middle of what is shown: the graphics card counts in single precision,
and at map coordinates a wall would tremble by centimetres.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.model import Report, Scene, State
from zonebox.viewer import camera, framing, notes, overlay, palette
from zonebox.viewer.drawable import Callout, Key, Layer, Lines, Material, Surface, Tag
from zonebox.viewer.glass import Glass
from zonebox.viewer.groundmap import SUN
from zonebox.viewer.words import Lang, is_latin, say

INSETS: Final = camera.Insets(left=0.035, right=0.035, top=0.10, bottom=0.05)
"""Margins of every picture; the title stands in the upper one."""

_LIGHT: Final[dict[Material, dict[str, float]]] = {
    Material.GROUND: {"ambient": 0.50, "diffuse": 0.68, "specular": 0.0},
    Material.MATTE: {"ambient": 0.50, "diffuse": 0.66, "specular": 0.0},
    Material.GLASS: {"ambient": 0.80, "diffuse": 0.26, "specular": 0.0},
    Material.SIGNAL: {"ambient": 0.72, "diffuse": 0.30, "specular": 0.0},
}


class Stage:
    """A scene set up for drawing.

    Parameters
    ----------
    layers : sequence of Layer
        What to show, in the frame.
    scene, report : Scene, Report or None
        For the title, the counts and the framing.
    lang : {"en", "zh"}
        Language of the furniture.
    size : (int, int)
        Picture or window in pixels, as the viewer sees them.
    ratio : int
        Drawn pixels per seen pixel; 2 smooths a picture.
    off_screen : bool
        Whether no window opens.
    font : Path or None
        Font file that has the characters of the words shown.
    """

    def __init__(
        self, layers: Sequence[Layer], scene: Scene, report: Report | None, *, lang: Lang, size: tuple[int, int],
        ratio: int = 1, off_screen: bool = True, font: Path | None = None,
    ) -> None:
        import pyvista as pv

        self.layers, self.scene, self.report, self.lang = tuple(layers), scene, report, lang
        self.size, self.ratio, self.font = size, ratio, font
        self.points = framing.framed_points(scene, self.layers)
        self.origin = np.round((self.points.min(0) + self.points.max(0)) / 2)
        self.actors: dict[str, list[Any]] = {}
        self.plotter = pv.Plotter(off_screen=off_screen, window_size=[size[0] * ratio, size[1] * ratio],
                                  lighting="none", theme=pv.themes.DocumentTheme())
        if ratio > 1:
            self.plotter.render_window.SetMultiSamples(0)       # reducing the picture smooths it already
        self.plotter.set_background(color=palette.SKY_BOTTOM, top=palette.SKY_TOP)
        self._light()
        for layer in self.layers:
            solid = [surface for surface in layer.surfaces if surface.material is not Material.GLASS]
            self.actors[layer.name] = [*map(self._surface, solid), *map(self._lines, layer.lines)]
        panes = [(layer.name, s) for layer in self.layers for s in layer.surfaces if s.material is Material.GLASS]
        self._glass = Glass(panes, self.origin, self._pane) if panes else None
        self.hidden: set[str] = set()
        self._furniture: list[Any] = []
        self.look(self.named_view("overview"))

    @property
    def aspect(self) -> float:
        """Width / height of the picture."""
        return self.size[0] / self.size[1]

    def look(self, view: camera.View) -> None:
        """Point the camera, and lay out the furniture for it."""
        self.view = view
        here = view.moved(-self.origin)
        eye = self.plotter.camera
        upright = (0.0, 0.0, 1.0) if abs(view.axes()[2][2]) < 0.999 else here.up       # what turning by hand keeps
        eye.position, eye.focal_point, eye.up = here.position, here.focal_point, upright
        eye.view_angle = view.angle_deg
        eye.parallel_projection = view.half_height_m is not None
        if view.half_height_m is not None:
            eye.parallel_scale = view.half_height_m
        self.plotter.renderer.ResetCameraClippingRange()
        self.furnish()

    def _pane(self, body: Any) -> Any:
        return self.plotter.add_mesh(body, scalars="rgba", rgba=True, show_scalar_bar=False, pickable=True,
                                     reset_camera=False, name="glass", **_LIGHT[Material.GLASS])

    def show_layer(self, name: str, *, visible: bool) -> None:
        """Show or hide a layer; its glass, notes and rows of the legend go with it."""
        (self.hidden.discard if visible else self.hidden.add)(name)
        for actor in self.actors[name]:
            actor.visibility = visible
        self.furnish()

    def named_view(self, name: str) -> camera.View:
        """Make a view of this stage by name, as `framing.view` does."""
        return framing.view(name, self.scene, self.report, points=self.points, aspect=self.aspect, insets=INSETS)

    def picture(self) -> NDArray[np.uint8]:
        """Draw: (height, width, 3)."""
        from PIL import Image

        drawn = _pixels(self.plotter.render_window)
        image = Image.fromarray(np.ascontiguousarray(drawn))
        return np.asarray(image if self.ratio == 1 else image.reduce(self.ratio))

    def furnish(self) -> None:
        """Sort the glass, and lay out title, legend, compass, scale, notes and tags, for the present camera."""
        shown = [layer for layer in self.layers if layer.name not in self.hidden]
        if self._glass is not None:
            self._glass.sort(self.view, {layer.name for layer in shown})
        for actor in self._furniture:
            self.plotter.renderer.RemoveViewProp(actor)
        sheet = overlay.Sheet()
        taken = [
            overlay.title(sheet, self.size, self._measure, text=self._title(), counts=self._counts()),
            overlay.north(sheet, self.view, self.size, self.lang),
            overlay.scale_bar(sheet, self.view, self.size, self._measure, self.origin, self.lang),
        ]
        keys = _ordered([key for layer in shown for key in layer.keys])
        pixels, depth = self.view.project(framing.framed_points(self.scene), self.size)
        subject = shapely.convex_hull(shapely.multipoints(pixels[depth > 0.0]))
        taken.append(overlay.legend(sheet, self.size, self._measure, keys, taken, subject))
        callouts: list[Callout] = [note for layer in shown for note in layer.callouts]
        chosen = [note for note in callouts if note.subject == self.view.name]
        callouts = chosen or callouts
        tags: list[Tag] = [tag for layer in shown for tag in layer.tags]
        notes.place(sheet, self.view, self.size, self._measure, callouts=callouts, tags=tags, taken=taken,
                    precious=self._precious(shown), bodies=self._bodies())
        self._furniture = self._drawn(sheet)

    def follow(self) -> None:
        """Keep glass and furniture in step with a camera that is moved by hand."""
        def moved(*_: object) -> None:
            eye = self.plotter.camera
            position, focal_point = (tuple(np.add(p, self.origin).tolist()) for p in (eye.position, eye.focal_point))
            self.view = camera.View(
                name="free", position=position, focal_point=focal_point, up=tuple(eye.up), angle_deg=eye.view_angle,
                half_height_m=eye.parallel_scale if eye.parallel_projection else None)
            self.size = (self.plotter.window_size[0] // self.ratio, self.plotter.window_size[1] // self.ratio)
            self.furnish()

        self.plotter.enable_terrain_style(mouse_wheel_zooms=True, shift_pans=True)
        for event in ("EndInteractionEvent", "InteractionEvent"):
            self.plotter.iren.add_observer(event, moved)

    def close(self) -> None:
        """Free the window."""
        self.plotter.close()

    # -- what goes in ------------------------------------------------------------------------------------------

    def _light(self) -> None:
        import pyvista as pv

        for position, intensity in ((SUN, 0.74), ((0.80, -0.55, 0.45), 0.38), ((0.2, 0.9, 0.4), 0.14)):
            light = pv.Light(position=position, focal_point=(0.0, 0.0, 0.0), color="white", intensity=intensity,
                             light_type="scene light")
            light.positional = False
            self.plotter.add_light(light)

    def _surface(self, surface: Surface) -> Any:
        import pyvista as pv

        body = pv.PolyData.from_regular_faces((surface.mesh.vertices - self.origin).astype(np.float32),
                                              surface.mesh.triangles)
        if len(surface.triangle_subject):
            body.cell_data["subject"] = surface.triangle_subject
        options: dict[str, Any] = {"lighting": True, "show_scalar_bar": False, "pickable": True,
                                   "name": f"surface-{len(self.plotter.actors)}", "reset_camera": False,
                                   **_LIGHT[surface.material]}
        if surface.texture is None or surface.texture_box is None:
            body.cell_data["rgba"] = surface.colors
            return self.plotter.add_mesh(body, scalars="rgba", rgba=True, **options)
        x0, y0, x1, y1 = surface.texture_box
        across = (surface.mesh.vertices[:, :2] - (x0, y0)) / (x1 - x0, y1 - y0)
        body.active_texture_coordinates = across.astype(np.float32)
        body.point_data.active_normals = _vertex_normals(surface)
        actor = self.plotter.add_mesh(body, texture=pv.Texture(np.ascontiguousarray(surface.texture)), **options)
        actor.prop.interpolation = "Phong"
        return actor

    def _lines(self, lines: Lines) -> Any:
        import pyvista as pv

        count = len(lines.segments)
        cells = np.column_stack([np.full(count, 2), np.arange(2 * count).reshape(-1, 2)])
        points = (lines.segments.reshape(-1, 3) - self.origin).astype(np.float32)
        body = pv.PolyData(points, lines=cells.ravel())
        body.cell_data["rgba"] = lines.colors
        return self.plotter.add_mesh(body, scalars="rgba", rgba=True, line_width=lines.width_px * self.ratio,
                                     lighting=False, show_scalar_bar=False, pickable=False, reset_camera=False,
                                     name=f"lines-{len(self.plotter.actors)}")

    # -- furniture ---------------------------------------------------------------------------------------------

    def _title(self) -> str:
        named = self.scene.title_zh if self.lang == "zh" else self.scene.title
        text = named or self.scene.title or self.scene.name
        return text if self.font is not None or is_latin(text) else self.scene.name

    def _counts(self) -> list[tuple[str, int, palette.Rgb]]:
        if self.report is None or not self.report.findings:
            return []
        summary = self.report.summary
        order = (State.FAIL, State.MARGINAL, State.NOT_CHECKED, State.PASS)
        return [(say(state.value, self.lang), summary[state], palette.STATE[state])
                for state in order if summary[state]]

    def _precious(self, shown: Sequence[Layer]) -> list[overlay.Rect]:
        """Where the offending parts are seen, one rectangle a finding."""
        rects = []
        for layer in shown:
            for surface in layer.surfaces:
                if surface.material is not Material.SIGNAL:
                    continue
                pixels, depth = self.view.project(surface.mesh.vertices, self.size)
                corners = surface.triangle_subject[:, None].repeat(3, 1).ravel()
                for number in range(len(surface.subjects)):
                    seen = pixels[surface.mesh.triangles.ravel()[(corners == number)]]
                    if len(seen) and (depth > 0).all():
                        rects.append(_around(seen))
        return rects

    def _bodies(self) -> list[tuple[shapely.Geometry, float]]:
        """Where buildings are seen, and how near."""
        bodies = []
        for building in (*self.scene.designs, *self.scene.context):
            if not len(building.mesh):
                continue
            pixels, depth = self.view.project(camera.corners([building.mesh.bounds]), self.size)
            if (depth > 0).all():
                bodies.append((shapely.convex_hull(shapely.multipoints(pixels)), float(np.median(depth))))
        return bodies

    def _drawn(self, sheet: overlay.Sheet) -> list[Any]:
        """Put a sheet before everything else."""
        from vtkmodules.vtkRenderingCore import vtkTextActor

        actors = [_flat(sheet, self.ratio)]
        for text in sheet.texts:
            actor = vtkTextActor()
            actor.SetInput(text.text)
            self._style(actor.GetTextProperty(), text.size_px, text.color)
            {"left": actor.GetTextProperty().SetJustificationToLeft,
             "center": actor.GetTextProperty().SetJustificationToCentered,
             "right": actor.GetTextProperty().SetJustificationToRight}[text.align]()
            actor.GetTextProperty().SetVerticalJustificationToCentered()
            actor.SetPosition(round(text.x * self.ratio), round(text.y * self.ratio))
            actors.append(actor)
        for number, actor in enumerate(actors):
            actor.SetLayerNumber(min(number, 1))
            self.plotter.renderer.AddViewProp(actor)
        return actors

    def _style(self, style: Any, size_px: float, color: palette.Rgb) -> None:
        style.SetFontSize(round(size_px * self.ratio))
        style.SetColor(*(channel / 255 for channel in color))
        if self.font is not None:
            style.SetFontFamily(4)                  # VTK_FONT_FILE
            style.SetFontFile(str(self.font))

    def _measure(self, text: str, size_px: float) -> tuple[float, float]:
        from vtkmodules.vtkRenderingCore import vtkTextProperty, vtkTextRenderer

        style = vtkTextProperty()
        self._style(style, size_px, palette.INK)
        box = [0, 0, 0, 0]
        vtkTextRenderer.GetInstance().GetBoundingBox(style, text, box, 72)
        return (box[1] - box[0] + 1) / self.ratio, (box[3] - box[2] + 1) / self.ratio


def _pixels(window: Any) -> NDArray[np.uint8]:
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


def _ordered(keys: Sequence[Key]) -> list[Key]:
    """Rows of the legend: surfaces first, then lines with their headings."""
    filled = [key for key in keys if key.color is not None and not key.line]
    return filled + [key for key in keys if key.color is None or key.line]


def _vertex_normals(surface: Surface) -> NDArray[np.float32]:
    """Find unit normals (n, 3) at vertices, weighted by the areas of the faces around them."""
    from zonebox.geometry.mesh import triangle_normals

    faces = triangle_normals(surface.mesh.corners)
    total = np.zeros_like(surface.mesh.vertices)
    for column in range(3):
        np.add.at(total, surface.mesh.triangles[:, column], faces)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    unit = np.where(length > 0.0, total / np.where(length > 0.0, length, 1.0), (0.0, 0.0, 1.0))
    return np.asarray(unit, dtype=np.float32)


def _around(pixels: NDArray[np.float64]) -> overlay.Rect:
    (x0, y0), (x1, y1) = pixels.min(0), pixels.max(0)
    return overlay.Rect(x0=float(x0), y0=float(y0), x1=float(x1), y1=float(y1))


def _flat(sheet: overlay.Sheet, ratio: int) -> Any:
    """All filled polygons of a sheet as one flat actor."""
    import pyvista as pv
    from vtkmodules.vtkRenderingCore import vtkActor2D, vtkPolyDataMapper2D

    points = np.concatenate([points for points, _ in sheet.fills]) * ratio
    counts = [len(points) for points, _ in sheet.fills]
    starts = np.cumsum([0, *counts[:-1]])
    faces = np.concatenate([[n, *range(s, s + n)] for n, s in zip(counts, starts, strict=True)])
    body = pv.PolyData(np.column_stack([points, np.zeros(len(points))]).astype(np.float32), faces=faces)
    body.cell_data["rgba"] = np.array([color for _, color in sheet.fills], dtype=np.uint8)
    body.cell_data.active_scalars_name = "rgba"
    mapper = vtkPolyDataMapper2D()
    mapper.SetInputData(body)
    mapper.SetScalarModeToUseCellData()
    mapper.SetColorModeToDefault()
    actor = vtkActor2D()
    actor.SetMapper(mapper)
    return actor
