"""The application's one state: a scene under trial, what of it is shown and selected, and the stage it is drawn on.

A window and a page call the same methods; nothing here knows a toolkit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from zonebox.errors import InputError
from zonebox.model import Finding, Parcel, Report, Scene
from zonebox.scenefile import SceneFile
from zonebox.studio.cutting import cut_open
from zonebox.studio.labels import label, sun_words
from zonebox.studio.marks import AUTHOR, Annotation
from zonebox.studio.search import matches
from zonebox.studio.standing import open_ground
from zonebox.studio.tools import Cut, Measure, Point, Sun, SunPosition, measured, sun_over
from zonebox.viewer import camera, layers, palette, probe
from zonebox.viewer.drawable import Callout, Layer
from zonebox.viewer.flight import flight
from zonebox.viewer.ground import ground_of
from zonebox.viewer.groundmap import PIXELS, SUN, GroundMap
from zonebox.viewer.probe import Ability
from zonebox.viewer.show import staged
from zonebox.whatif import Change, Move, Trial, WhatIf
from zonebox.words import Language

MEASURES: Final = "measures"
"""Layer of what was measured."""


class Desk:
    """A scene on a stage, with everything one can do to it.

    Parameters
    ----------
    scene, report : Scene, Report
        As a run gives them.
    lang : {"en", "zh"}
        Language of the picture and the panels.
    size : (int, int)
        Picture in pixels.
    ability : Ability, optional
        What `probe` answered before on this machine.
    off_screen : bool
        Whether no window opens.
    spec : SceneFile, optional
        The scene as its author wrote it; without it nothing can be exported.

    Raises
    ------
    RenderError
        The machine has no OpenGL driver; the sentence names what to install.
    """

    def __init__(
        self, scene: Scene, report: Report, *, lang: Language = "en", size: tuple[int, int] = (1280, 800),
        ability: Ability | None = None, off_screen: bool = True, spec: SceneFile | None = None,
    ) -> None:
        from zonebox.errors import RenderError

        able = probe() if ability is None else ability
        if not able.pictures or not (off_screen or able.screen):
            raise RenderError(able.sentence)
        self.tried, self.lang, self.spec, self.ability = WhatIf(scene, report), lang, spec, able
        self.variant, self.selected, self.parcel, self.design = "", "", "", ""
        self.cut_now, self.sun_now, self.sun_text = Cut(), Sun(month=6, day=21, hour=12.0), ""
        self.sun_at: SunPosition | None = None
        self.saved: dict[str, camera.View] = {}
        self.annotations: list[Annotation] = []
        self.toward: Point = SUN
        self.seen: tuple[str, Point | None] = ("", None)       # what the last click hit
        self._marks: list[Point] = []
        self._measures: list[Callout] = []
        self.ground = ground_of(scene)
        self._printer = GroundMap(self.ground, min(PIXELS, 2 * max(size)))
        self._shadows_late = self.by_height = False
        self.stage = staged(scene, report, able, lang=lang, size=size, off_screen=off_screen, ground=self.ground,
                            more=(self._measure_layer(),))

    # -- what is shown ------------------------------------------------------------------------------------------

    @property
    def trial(self) -> Trial:
        """The present trial."""
        return self.tried.now

    @property
    def scene(self) -> Scene:
        """What is shown: the present trial's designs of one variant."""
        scene = self.trial.scene
        return scene.variant(self.variant) if self.variant in self.variants_of_scene else scene

    @property
    def report(self) -> Report:
        """Findings about what is shown."""
        shown = {design.id for design in self.scene.designs}
        return Report(findings=tuple(f for f in self.trial.report.findings if not f.design or f.design in shown))

    @property
    def variants_of_scene(self) -> tuple[str, ...]:
        """Names of the variants that the scene file states."""
        return tuple(sorted({d.variant for d in self.tried.start.scene.designs if d.variant}))

    @property
    def variants(self) -> tuple[str, ...]:
        """What the switch offers: the scene as planned (``""``), its variants, and the trials that were kept."""
        return ("", *self.variants_of_scene, *self.tried.kept)

    def layers(self) -> list[dict[str, Any]]:
        """List the layers: name, title, and whether each is shown."""
        return [{"name": layer.name, "title": layer.title, "shown": layer.name not in self.stage.hidden}
                for layer in self.stage.layers if layer.name != MEASURES]

    def show_layer(self, name: str, *, visible: bool) -> None:
        """Show or hide a layer."""
        self.stage.show_layer(name, visible=visible)

    def speak(self, lang: Language) -> None:
        """Change the language of the picture and the panels."""
        if self.stage.font is None and lang == "zh":
            return                                           # no font here can write it
        self.lang = self.stage.lang = lang
        self.sun_text = sun_words(self.sun_at, lang)
        built = layers.build(self.scene, self.report, lang, latin_only=self.stage.font is None, ground=self.ground)
        drawn = self._regrounded(built)
        self.stage.change((*drawn, self._measure_layer()), self.scene, self.report)
        if self.cut_now != Cut():
            self.cut(self.cut_now)

    def switch(self, variant: str) -> None:
        """Show another variant: of the scene file, or a trial that was kept.

        Raises
        ------
        InputError
            No such variant.
        """
        if variant not in self.variants:
            raise InputError("variant", got=f'"{variant}"', want=f"one of {', '.join(v for v in self.variants if v)}")
        if variant in self.tried.kept or self.variant in self.tried.kept:
            self.tried.switch(variant if variant in self.tried.kept else "")
        self.variant = variant
        self._redraw()

    # -- selecting ----------------------------------------------------------------------------------------------

    def finding(self, name: str) -> Finding | None:
        """Find a finding by its id."""
        return next((f for f in self.report.findings if f.id == name), None)

    def select(self, finding: str) -> camera.View:
        """Select a finding and its parcel; return the view that shows it best."""
        found = self.finding(finding)
        if found is None:
            raise InputError("finding", got=f'"{finding}"', want="the id of a finding")
        self.selected = finding
        self._turn_to(found.parcel, found.design)
        return self.stage.named_view(f"finding:{finding}")

    def choose(self, parcel: str) -> camera.View | None:
        """Select a parcel by its number, or by a part of it that no other has; None where that is not one parcel."""
        meant = self.meant(parcel)
        found = self.trial.scene.plan.parcel(meant[0]) if len(meant) == 1 else None
        if found is None:
            return None
        self.selected = ""
        self._turn_to(found.id)
        return self.parcel_view(found)

    def _turn_to(self, parcel: str, design: str = "") -> None:
        self.parcel, self.design = parcel, design or next(iter(self.tried.standing_on(parcel)), self.design)
        self.tried.ready(parcel)

    def meant(self, typed: str) -> tuple[str, ...]:
        """List the parcels that someone may mean by what was typed of a number."""
        return matches([p.id for p in self.trial.scene.plan.parcels], typed)

    def parcel_view(self, parcel: Parcel) -> camera.View:
        """Look at a parcel with its envelope from the south."""
        envelope = self.trial.scene.envelope(parcel.id)
        xy = parcel.boundary.start
        level = self.ground.level if envelope is None else envelope.ground_m
        top = level if envelope is None else envelope.top_m
        points = np.concatenate([np.column_stack([xy, np.full(len(xy), z)]) for z in (level, top)])
        return camera.fit(points, name=f"parcel:{parcel.id}", heading_deg=camera.OVERVIEW_HEADING_DEG,
                          pitch_deg=camera.OVERVIEW_PITCH_DEG, aspect=self.stage.aspect,
                          insets=camera.Insets(left=0.12, right=0.12, top=0.18, bottom=0.12))

    def pick(self, x: float, y: float) -> camera.View | None:
        """Select what is seen at a pixel from the lower left: a finding, or the parcel under it; None for the sky."""
        self.seen = subject, point = self.stage.pick(x, y)
        kind, _, name = subject.partition(":")
        if kind == "finding" and self.finding(name) is not None:
            return self.select(name)
        if kind in ("parcel", "envelope"):
            return self.choose(name)
        if point is None:
            return None
        here = self.parcel_at(point)
        return None if here is None else self.choose(here)

    def look(self, view: camera.View | str) -> None:
        """Point the camera."""
        self.stage.look(self.stage.named_view(view) if isinstance(view, str) else view)

    def resize(self, size: tuple[int, int]) -> None:
        """Fit the picture into another size: a named view is framed anew, a free one keeps its camera."""
        name = self.stage.view.name
        self.stage.size = size
        kind, _, rest = name.partition(":")
        parcel = self.trial.scene.plan.parcel(rest) if kind == "parcel" else None
        if parcel is not None:
            self.look(self.parcel_view(parcel))
        elif name == "free" or (kind == "finding" and self.finding(rest) is None):
            self.stage.at_camera()
        else:
            self.look(name)

    def flight(self, end: camera.View) -> Iterator[camera.View]:
        """Yield views from where the camera is to another one, slow at both ends."""
        return flight(self.stage.view, end)

    # -- trying -------------------------------------------------------------------------------------------------

    def change(self, change: Change, *, continued: bool = False, held: bool = False) -> Trial:
        """Try a change and show the answer.

        ``continued`` joins it to the change before. While a slider is ``held``, shadows wait until `settle`.
        """
        answer = self.tried.apply(change, continued=continued)
        moves = isinstance(change, Move)
        self._redraw(design=moves, shadows=moves and not held)
        self._shadows_late |= moves and held
        return answer

    def settle(self) -> None:
        """Let the shadows follow what a held slider has moved."""
        if self._shadows_late:
            self._reground()

    def undo(self) -> None:
        """Take the last change back."""
        self.tried.undo()
        self._redraw()

    def redo(self) -> None:
        """Apply again what was taken back."""
        self.tried.redo()
        self._redraw()

    def keep(self, name: str) -> None:
        """Keep the present trial as a variant."""
        self.tried.keep(name)
        self.variant = name

    def export(self, path: Path, *, force: bool = False) -> tuple[Path, ...]:
        """Write the present trial as a scene with its rule pack."""
        if self.spec is None:
            raise InputError("export", got="a scene that was not read from a file", want="a scene file")
        from zonebox.whatif.export import export as written

        return written(self.trial, self.spec, path, force=force)

    # -- tools --------------------------------------------------------------------------------------------------

    def mark(self, x: float, y: float) -> tuple[Point, float] | None:
        """Mark a point for measuring: the point and its height above the ground; None for the sky.

        Two marks make a measurement, which stays in the picture.
        """
        through = () if "design" in self.stage.hidden else ("findings",)         # red skins stand out by centimetres
        self.seen = _, point = self.stage.pick(x, y, through=through)
        if point is None:
            return None
        above = point[2] - float(self.ground.height_at([point[:2]])[0])
        self._marks.append(point)
        note = (label("above", self.lang, h=above),)
        if len(self._marks) == 2:
            one, two = self._marks
            self._note(self.measure(one, two), one, two)
            self._marks = []
        else:
            self._measures.append(Callout(subject=f"measure:{len(self._measures)}", anchor=point, lines=note,
                                          color=palette.INK, rank=-1.0))
        self._redraw_measures()
        return point, above

    def measure(self, one: Point, two: Point) -> Measure:
        """Measure from one point to another."""
        return measured(one, two)

    def clear_measures(self) -> None:
        """Take every measurement out of the picture."""
        self._marks, self._measures = [], []
        self._redraw_measures()

    def storeys(self) -> list[dict[str, str]]:
        """List the storeys of the shown designs, as a cut names them."""
        return [{"id": f"{d.id}/{s.id}", "title": f"{d.name or d.id}: {s.name}"}
                for d in self.scene.designs for s in d.storeys if s.height_m is not None]

    def cut(self, cut: Cut) -> None:
        """Cut the scene with an upright plane, or the designs above a storey."""
        self.cut_now = cut
        cut_open(self.stage, self.scene, cut)

    def shine(self, sun: Sun) -> SunPosition:
        """Let the sun of a day and hour shine and throw shadows on the ground."""
        middle = (self.stage.points.min(0) + self.stage.points.max(0)) / 2.0
        position = sun_over(self.trial.scene.frame, (float(middle[0]), float(middle[1]), 0.0), sun)
        self.sun_now, self.sun_at, self.toward = sun, position, position.toward
        self.sun_text = sun_words(position, self.lang)
        self.stage.shine(position.toward)
        self._reground()
        return position

    def colour_by_height(self, *, on: bool) -> None:
        """Colour the ground by its height, or print the map on it again."""
        self.by_height = on
        self._reground()

    # -- views and notes ----------------------------------------------------------------------------------------

    def save_view(self, name: str = "") -> str:
        """Keep the present camera under a name; return the name."""
        name = name.strip() or label("saved_view", self.lang, n=len(self.saved) + 1)
        self.saved[name] = replace(self.stage.view, name="free")
        return name

    def recall(self, name: str) -> camera.View:
        """Find a kept camera by its name."""
        if name not in self.saved:
            raise InputError("view", got=f'"{name}"', want=f"one of {', '.join(self.saved) or 'none that was kept'}")
        return self.saved[name]

    def walk(self, forward_m: float = 0.0, turn_deg: float = 0.0) -> camera.View:
        """Step and turn at eye level; the first step stands before what the camera looks at now."""
        view = self.stage.view
        ahead = view.axes()[2][:2] if view.half_height_m is None else np.array([0.0, 1.0])
        ahead = ahead / max(float(np.linalg.norm(ahead)), 1e-9)
        heading = float(np.degrees(np.arctan2(ahead[0], ahead[1]))) + turn_deg
        if view.name == "walk":
            x, y = np.asarray(view.position)[:2] + forward_m * ahead
        else:
            x, y = open_ground(self.scene, self.ground.box, np.asarray(view.focal_point)[:2], ahead)
        x, y = np.clip((x, y), self.ground.box[:2], self.ground.box[2:])         # beyond it there is no ground
        level = float(self.ground.height_at([(x, y)])[0])
        return camera.eye_level(float(x), float(y), level, heading_deg=heading)

    def annotate(
        self, text: str, *, author: str = "", at: tuple[float, float] | None = None, picked: bool = False
    ) -> Annotation:
        """Pin a note to what is seen at a pixel, to what was clicked last, else to the middle of the picture.

        Raises
        ------
        InputError
            No text, or nothing but sky there.
        """
        subject, point = self.seen if picked else self.stage.pick(*(at or self.stage.middle_pixel()))
        if not text.strip() or point is None:
            raise InputError("note", got="no text" if point is not None else "a note on the sky",
                             want="some words on a place in the scene")
        kind, _, name = subject.partition(":")
        note = Annotation(
            text=text.strip(), author=author.strip() or AUTHOR, point=point, view=self.stage.view,
            aspect=self.stage.aspect, parcel=self.parcel_at(point) or "",
            element=name.rpartition("/")[2] if kind == "element" else "")
        self.annotations.append(note)
        self._redraw_measures()
        return note

    def write_bcf(self, path: Path, *, pictures: bool = True) -> Path:
        """Write the findings shown and the notes as BCF topics, cameras in world coordinates."""
        from zonebox.studio.marks import write_topics

        shots = [self._snapshot(note.view) if pictures else None for note in self.annotations]
        return write_topics(self.scene, self.report, self.annotations, shots, path, self.lang)

    def _snapshot(self, view: camera.View) -> bytes:
        import io

        from PIL import Image

        before, file = self.stage.view, io.BytesIO()
        self.stage.look(view)
        Image.fromarray(self.stage.picture()).save(file, format="PNG")
        self.stage.look(before)
        return file.getvalue()

    @property
    def reach_m(self) -> float:
        """How far a section can be shifted from the middle of what is shown."""
        return float(max((self.stage.points.max(0) - self.stage.points.min(0))[:2]) / 2.0)

    def _reground(self) -> None:
        """Print the ground's map anew."""
        self.stage.change(self._regrounded(self.stage.layers), self.scene, self.report)
        self._shadows_late = False
        if self.cut_now != Cut():
            self.cut(self.cut_now)

    def _regrounded(self, drawn: Sequence[Layer]) -> tuple[Layer, ...]:
        """Put the ground under the present sun, in the present colours, in place of a layer's."""
        ground = layers.terrain(self.scene, self._printer, self.stage.lang, sun=self.toward, by_height=self.by_height)
        return tuple(ground if layer.name == ground.name else layer for layer in drawn)

    def close(self) -> None:
        """Free the window."""
        self.stage.close()

    # -- inside -------------------------------------------------------------------------------------------------

    def _redraw(self, *, design: bool = True, shadows: bool = True) -> None:
        drawn = layers.changed(self.stage.layers, self.scene, self.report, self.lang, ground=self.ground,
                               latin_only=self.stage.font is None, design=design)
        self.stage.change(self._regrounded(drawn) if shadows else drawn, self.scene, self.report)
        if self.cut_now != Cut():
            self.cut(self.cut_now)
        if self.selected and self.finding(self.selected) is None:
            self.selected = ""

    def _redraw_measures(self) -> None:
        kept = tuple(layer for layer in self.stage.layers if layer.name != MEASURES)
        self.stage.change((*kept, self._measure_layer()), self.scene, self.report)

    def _measure_layer(self) -> Layer:
        notes = [Callout(subject=f"note:{n}", anchor=a.point, lines=(a.author, a.text), color=palette.ENVELOPE_EDGE,
                         rank=-2.0) for n, a in enumerate(self.annotations)]
        return Layer(name=MEASURES, title="", callouts=(*self._measures, *notes))

    def _note(self, found: Measure, one: Point, two: Point) -> None:
        text = label("distance", self.lang, d=found.distance_m, l=found.level_m, r=found.rise_m)
        middle = tuple(((np.array(one) + two) / 2.0).tolist())
        self._measures[-1:] = [Callout(subject=f"measure:{len(self._measures)}", anchor=middle, lines=(text,),
                                       color=palette.INK, rank=-1.0, dimension=(one, two))]

    def parcel_at(self, point: Sequence[float]) -> str | None:
        """Find the parcel in which a point (x, y, ...) of the frame lies."""
        import shapely

        return next((p.id for p in self.trial.scene.plan.parcels
                     if shapely.intersects_xy(p.shape, point[0], point[1])), None)
