"""Layers on a PyVista stage: lights, glass, camera, and the flat furniture over it.

The stage draws around a local origin near the middle of what is shown: the graphics card counts in single precision,
and at map coordinates a wall would tremble by centimetres.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from zonebox.model import Report, Scene, State
from zonebox.viewer import bodies, camera, framing, notes, overlay, palette, sight, violations
from zonebox.viewer.below import OPENED, Below
from zonebox.viewer.drawable import Callout, Key, Layer, Material, Tag
from zonebox.viewer.furniture import Furniture
from zonebox.viewer.glass import Glass
from zonebox.viewer.groundmap import SUN
from zonebox.viewer.words import Lang, is_latin, say

INSETS: Final = camera.Insets(left=0.035, right=0.035, top=0.10, bottom=0.05)
"""Margins of every picture; the title stands in the upper one."""

NOTE_PX: Final = 90.0
"""Room for the note and the dimension of a finding that is looked at, round its place."""

PLACE_PX: Final = 16.0
"""Round the place itself nothing may lie."""

HIGH_SUN: Final = 0.70
"""Sine of the altitude from which on the main light is dimmed."""


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
    legend : bool
        Whether the legend is drawn; a small picture of one finding does without.
    origin : (3,) array, optional
        Where to draw around, for two stages that share a camera; near the middle of what is shown where not given.

    Attributes
    ----------
    caption : str
        Title in place of the scene's, where two stages stand side by side.
    beside_keys : tuple of Key
        Rows of the legend that explain the stage beside this one.
    followers : list of callables
        Told whenever the camera or what is shown has changed.
    """

    def __init__(
        self, layers: Sequence[Layer], scene: Scene, report: Report | None, *, lang: Lang, size: tuple[int, int],
        ratio: int = 1, off_screen: bool = True, font: Path | None = None, legend: bool = True,
        origin: ArrayLike | None = None,
    ) -> None:
        import pyvista as pv

        self.legend, self.caption = legend, ""
        self.beside_keys: tuple[Key, ...] = ()
        self.followers: list[Callable[[], None]] = []
        self.layers, self.scene, self.report, self.lang = tuple(layers), scene, report, lang
        self.size, self.ratio, self.font = size, ratio, font
        self.points = framing.framed_points(scene, self.layers)
        self._framed = framing.framed_points(scene)
        turn = np.radians(scene.frame.convergence_deg(self.points.mean(0)[:2]))
        self._north = (float(-np.sin(turn)), float(np.cos(turn)))      # true north, where the grid is turned against it
        self.origin = (np.round((self.points.min(0) + self.points.max(0)) / 2) if origin is None
                       else np.asarray(origin, dtype=np.float64))
        self.actors: dict[str, list[Any]] = {}
        self.plotter = pv.Plotter(off_screen=off_screen, window_size=[size[0] * ratio, size[1] * ratio],
                                  lighting="none", theme=pv.themes.DocumentTheme())
        self.window = self.plotter.render_window
        if ratio > 1:
            self.window.SetMultiSamples(0)       # reducing the picture smooths it already
        self.plotter.set_background(color=palette.SKY_BOTTOM, top=palette.SKY_TOP)
        self._light(SUN)
        self.hidden: set[str] = set()
        self._span = (0.0, 1.0)
        self._samples = self.window.GetMultiSamples()
        self._subjects: dict[str, tuple[str, ...]] = {}
        self._below: Below | None = None
        self._cuts: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
        self._simple: dict[Any, tuple[Any, Any]] | None = None
        for layer in self.layers:
            self._put(layer)
        self._put_glass()
        self._flat = Furniture(self.plotter.renderer, ratio=ratio, font=font)
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

        drawn = sight.pixels(self.window)
        image = Image.fromarray(np.ascontiguousarray(drawn))
        return np.asarray(image if self.ratio == 1 else image.reduce(self.ratio))

    def furnish(self) -> None:
        """Sort the glass, and lay out title, legend, compass, scale, notes and tags, for the present camera."""
        shown = [layer for layer in self.layers if layer.name not in self.hidden]
        if self._glass is not None:
            self._glass.sort(self.view, {layer.name for layer in shown})
        sheet = overlay.Sheet()
        taken = [
            overlay.title(sheet, self.size, self._flat.measure, text=self._title(), counts=self._counts()),
            overlay.north(sheet, self.view, self.size, self.lang, self._north),
            overlay.scale_bar(sheet, self.view, self.size, self._flat.measure, self.view.focal_point, self.lang),
        ]
        own = [key for layer in shown for key in layer.keys]
        keys = _ordered([*own, *(key for key in self.beside_keys if key.text not in {k.text for k in own})])
        precious = sight.parts(self.view, shown, self.size)
        if self.legend:
            subject, places = self._spared(precious)
            taken.append(overlay.legend(sheet, self.size, self._flat.measure, keys, [*taken, *places], subject))
        tags: list[Tag] = [tag for layer in shown for tag in layer.tags]
        tags = [tag for tag in tags if self._stands(tag.anchors[0])]
        notes.place(sheet, self.view, self.size, self._flat.measure, callouts=self.notes_now(), tags=tags, taken=taken,
                    precious=precious, bodies=sight.buildings(self.view, self.scene, self.size))
        if self.caption and self._span[0] > 0.0:
            sheet.fill(overlay.Rect(x0=0.0, y0=0.0, x1=2.0, y1=float(self.size[1])).points, palette.INK_SOFT)
        self._flat.show(sheet)
        for told in self.followers:
            told()

    def _spared(self, precious: Sequence[overlay.Rect]) -> tuple[shapely.Geometry, list[overlay.Rect]]:
        """Say what the legend should not hide, in pixels, and what it never may: the scene; of a finding, its place."""
        pixels, depth = self.view.project(self._framed, self.size)
        if not self.view.name.startswith("finding:"):
            return shapely.convex_hull(shapely.multipoints(pixels[depth > 0.0])), []
        spots, ahead = self.view.project([note.anchor for note in self.notes_now()] or [self.view.focal_point],
                                         self.size)
        near = shapely.multipoints(spots[ahead > 0.0])
        parts = [shapely.box(r.x0, r.y0, r.x1, r.y1) for r in precious]
        return (shapely.union_all([near.buffer(NOTE_PX), *(part for part in parts if part.intersects(near))]),
                [overlay.Rect(x0=x, y0=y, x1=x, y1=y).grown(PLACE_PX) for x, y in spots[ahead > 0.0].tolist()])

    def notes_now(self) -> list[Callout]:
        """List the notes to be written: those on the finding that is looked at, else all that stand."""
        every = [note for layer in self.layers if layer.name not in self.hidden for note in layer.callouts]
        chosen = [note for note in every if note.subject == self.view.name] or self._own_note()
        return [note for note in chosen or every if self._stands(note.anchor)]

    def change(self, layers: Sequence[Layer], scene: Scene, report: Report | None) -> None:
        """Show other layers of the same names; only those that are new values are drawn anew."""
        old = {layer.name: layer for layer in self.layers}
        self.layers, self.scene, self.report = tuple(layers), scene, report
        self._framed = framing.framed_points(scene)
        for layer in self.layers:
            if layer is not old.get(layer.name):
                self._put(layer)
        self._put_glass()
        self.furnish()

    def shine(self, toward: tuple[float, float, float]) -> None:
        """Let the main light come from a direction (x, y, z)."""
        self._light(toward)

    def cut(self, planes: Sequence[tuple[ArrayLike, ArrayLike]]) -> None:
        """Hide what lies behind planes, given as (point in the frame, normal towards what stays)."""
        from vtkmodules.vtkCommonDataModel import vtkPlane

        self._cuts = [(np.asarray(p, dtype=np.float64), np.asarray(n, dtype=np.float64)) for p, n in planes]
        made = []
        for point, normal in self._cuts:
            plane = vtkPlane()
            plane.SetOrigin(*(point - self.origin))
            plane.SetNormal(*normal)
            made.append(plane)
        glass = [self.plotter.actors["glass"]] if "glass" in self.plotter.actors else []
        for actor in [*(actor for own in self.actors.values() for actor in own), *glass]:
            actor.mapper.RemoveAllClippingPlanes()
            for plane in made:
                actor.mapper.AddClippingPlane(plane)
        self.furnish()

    def open(self, below: Below | None) -> None:
        """Leave out what some designs have above a level; None shows them whole."""
        if below is None and self._below is None:
            return
        self._below = below
        for layer in self.layers:
            if layer.name in OPENED:
                self._put(layer)
        self._put_glass()
        self.furnish()

    def pick(
        self, x: float, y: float, *, through: Sequence[str] = ()
    ) -> tuple[str, tuple[float, float, float] | None]:
        """Tell what is seen at a drawn pixel, counted from the lower left: its subject, and the point in the frame.

        A body without a subject gives ``""``; the sky gives no point. What is before it and translucent is passed
        over where something opaque that can be named lies behind, and so are the layers named in ``through``.
        """
        from vtkmodules.vtkRenderingCore import vtkCellPicker

        picker = vtkCellPicker()
        picker.SetTolerance(0.0005)
        glass = self.plotter.actors.get("glass")
        passed = [actor for name in through for actor in self.actors.get(name, ()) if actor.pickable]
        for actor in passed:
            actor.pickable = False
        found: tuple[str, tuple[float, float, float] | None] = ("", None)
        for with_glass in (False, True):
            if glass is not None:
                glass.pickable = with_glass
            if picker.Pick(float(x), float(y), 0.0, self.plotter.renderer):
                at = np.asarray(picker.GetPickPosition()) + self.origin
                subject = self._subject_of(picker.GetActor(), picker.GetCellId())
                if found[1] is None or (subject and not found[0]):
                    found = (subject, (float(at[0]), float(at[1]), float(at[2])))
        for actor in passed:
            actor.pickable = True
        return found

    def middle_pixel(self) -> tuple[float, float]:
        """Drawn pixel in the middle of what the stage has of its window."""
        wide, tall = self.window.GetSize()
        return wide * (self._span[0] + self._span[1]) / 2.0, tall / 2.0

    def _subject_of(self, actor: Any, cell: int) -> str:
        glass = self.plotter.actors.get("glass")
        if actor is glass and self._glass is not None:
            names = self._glass.subjects
        else:
            names = self._subjects.get(actor.GetAddressAsString(""), ())
        numbers = actor.mapper.dataset.cell_data
        return names[int(numbers["subject"][cell])] if names and "subject" in numbers else ""

    def hurry(self, *, moving: bool) -> None:
        """Show simpler bodies without lines and notes while the camera moves, and everything again when it rests."""
        if self._simple is None:
            every = [actor for own in self.actors.values() for actor in own]
            pairs = [(actor, bodies.coarser(actor)) for actor in every]
            self._simple = {actor: (actor.mapper.dataset, simple) for actor, simple in pairs if simple is not None}
            self._heavy = [actor for actor in every if actor.mapper.dataset.n_lines > bodies.COARSE_TRIANGLES]
        for actor, (whole, simple) in self._simple.items():
            actor.mapper.dataset = simple if moving else whole
        for actor in self._heavy:
            actor.visibility = not moving and not any(actor in self.actors[name] for name in self.hidden)
        self.smooth(on=not moving)
        if moving:
            self._flat.clear()

    def smooth(self, *, on: bool) -> None:
        """Smooth edges by several samples a pixel, which takes a machine without a graphics card twice the time."""
        if self.ratio == 1:
            self.window.SetMultiSamples(self._samples if on else 0)

    def at_camera(self) -> None:
        """Keep glass and furniture in step with a camera that was moved by hand, or a window of another size."""
        eye = self.plotter.camera
        position, focal_point = (tuple(np.add(p, self.origin).tolist()) for p in (eye.position, eye.focal_point))
        self.view = camera.View(
            name="free", position=position, focal_point=focal_point, up=tuple(eye.up), angle_deg=eye.view_angle,
            half_height_m=eye.parallel_scale if eye.parallel_projection else None)
        self.size = self.own_size()
        self.furnish()

    def place(self, left: float, right: float) -> None:
        """Draw between two shares (0–1) of the window's width, and leave the rest to others."""
        self._span = (left, right)
        self.plotter.renderer.SetViewport(left, 0.0, right, 1.0)
        self.size = self.own_size()

    def move_in(self, other: Stage) -> None:
        """Draw in the window of another stage and with its very camera; both must have the same origin."""
        self.window.RemoveRenderer(self.plotter.renderer)
        other.window.AddRenderer(self.plotter.renderer)
        self.window = other.window
        self.plotter.renderer.camera = other.plotter.camera

    def move_out(self) -> None:
        """Leave the window of another stage, and free what this one holds."""
        self.plotter.renderer.ReleaseGraphicsResources(self.window)
        self.window.RemoveRenderer(self.plotter.renderer)
        self.close()

    def own_size(self) -> tuple[int, int]:
        """Width and height in seen pixels of what the stage has of its window."""
        wide, tall = self.window.GetSize()
        low, high = self._span
        return max(1, round(wide * (high - low)) // self.ratio), max(1, tall // self.ratio)

    def follow(self, *, quick: bool = False) -> None:
        """Keep glass and furniture in step with a camera that is moved by hand.

        ``quick`` drops the level of detail while it moves: for machines without a graphics card, and large scenes.
        """
        def started(*_: object) -> None:
            if quick:
                self.hurry(moving=True)

        def moved(*_: object) -> None:
            if not quick:
                self.at_camera()

        def ended(*_: object) -> None:
            if quick:
                self.hurry(moving=False)
            self.at_camera()

        self.plotter.enable_terrain_style(mouse_wheel_zooms=True, shift_pans=True)
        for event, answer in (("StartInteractionEvent", started), ("InteractionEvent", moved),
                              ("EndInteractionEvent", ended)):
            self.plotter.iren.add_observer(event, answer)

    def close(self) -> None:
        """Free the window."""
        self.plotter.close()

    # -- what goes in ------------------------------------------------------------------------------------------

    def _light(self, sun: tuple[float, float, float]) -> None:
        import pyvista as pv

        self.plotter.remove_all_lights()
        upward = max(sun[2] / float(np.linalg.norm(sun)), HIGH_SUN)         # so that level ground never bleaches
        lights = [((0.80, -0.55, 0.45), 0.38), ((0.2, 0.9, 0.4), 0.14)]
        if sun[2] > 0.0:                                                    # from below the horizon none comes
            lights.insert(0, (sun, 0.74 * HIGH_SUN / upward))
        for position, intensity in lights:
            light = pv.Light(position=position, focal_point=(0.0, 0.0, 0.0), color="white", intensity=intensity,
                             light_type="scene light")
            light.positional = False
            self.plotter.add_light(light)

    def _put(self, layer: Layer) -> None:
        """Put a layer's bodies on the stage, in place of those it had."""
        for actor in self.actors.pop(layer.name, []):
            self.plotter.remove_actor(actor, reset_camera=False, render=False)
        drawn = layer if self._below is None else self._below.of(layer)
        solid = [surface for surface in drawn.surfaces if surface.material is not Material.GLASS]
        added = [(bodies.add_surface(self.plotter, s, self.origin, f"{layer.name}-surface-{n}"), s.subjects)
                 for n, s in enumerate(solid)]
        self._subjects |= {actor.GetAddressAsString(""): subjects for actor, subjects in added}
        lined = [bodies.add_lines(self.plotter, lines, self.origin, f"{layer.name}-lines-{n}", ratio=self.ratio)
                 for n, lines in enumerate(drawn.lines)]
        self.actors[layer.name] = [*(actor for actor, _ in added), *lined]
        for actor in self.actors[layer.name]:
            actor.visibility = layer.name not in self.hidden
        self._simple = None

    def _put_glass(self) -> None:
        self.plotter.remove_actor("glass", reset_camera=False, render=False)
        shown = self.layers if self._below is None else map(self._below.of, self.layers)
        panes = [(layer.name, s) for layer in shown for s in layer.surfaces if s.material is Material.GLASS]
        self._glass = Glass(panes, self.origin, self._pane) if panes else None

    def _pane(self, body: Any) -> Any:
        return self.plotter.add_mesh(body, scalars="rgba", rgba=True, show_scalar_bar=False, pickable=True,
                                     reset_camera=False, render=False, name="glass", **bodies.LIGHT[Material.GLASS])

    # -- furniture ---------------------------------------------------------------------------------------------

    def _title(self) -> str:
        if self.caption and (self.font is not None or is_latin(self.caption)):
            return self.caption
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

    def _own_note(self) -> list[Callout]:
        """Note of the finding that is looked at, where it is none of its parcel's worst."""
        finding = next((f for f in (self.report.findings if self.report else ())
                        if f"finding:{f.id}" == self.view.name), None)
        if finding is None or "findings" in self.hidden:
            return []
        note = violations.note_of(self.scene, finding, self.lang, latin_only=self.font is None)
        return [] if note is None else [note]

    def _stands(self, point: tuple[float, float, float]) -> bool:
        """Whether a point has not been cut away."""
        return not (self._below is not None and self._below.hides(point)) and all(
            float((point - origin) @ normal) >= 0.0 for origin, normal in self._cuts)


def _ordered(keys: Sequence[Key]) -> list[Key]:
    """Rows of the legend: surfaces first, then lines with their headings."""
    filled = [key for key in keys if key.color is not None and not key.line]
    return filled + [key for key in keys if key.color is None or key.line]
