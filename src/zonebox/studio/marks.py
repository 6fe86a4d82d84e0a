"""Notes that people pin to a scene, and how they become BCF topics beside the findings."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from zonebox.model import Report, Scene
from zonebox.report import bcf
from zonebox.report.topics import GLOBAL_ID, PRIORITIES, TYPES, Topic, Viewpoint, topics_of
from zonebox.viewer.camera import ANGLE_DEG, View
from zonebox.words import Language

AUTHOR: Final = "reviewer"
LABEL: Final = "note"
TITLE_MOST: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A note: who says what of which place (in the frame), seen from where, on which parcel and element."""

    text: str
    author: str
    point: tuple[float, float, float]
    view: View
    aspect: float = 1.6
    parcel: str = ""
    element: str = ""

    @property
    def guid(self) -> str:
        """Stable id: the same note has the same one."""
        place = ",".join(f"{v:.3f}" for v in self.point)
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"zonebox:note:{self.author}:{self.text}:{place}"))


def topic_of(scene: Scene, note: Annotation, picture: bytes | None = None) -> Topic:
    """Make a BCF topic of a note; its camera and place stand in the scene's CRS.

    A plan view, which has no perspective, is written as one from high above that shows as much.
    """
    view = note.view
    _, up, forward = view.axes()
    position, angle = np.asarray(view.position), view.angle_deg
    if view.half_height_m is not None:
        angle = ANGLE_DEG
        position = np.asarray(view.focal_point) - forward * view.half_height_m / np.tan(np.radians(ANGLE_DEG) / 2.0)
    east, north, height = (float(v) for v in scene.frame.world(np.asarray(note.point)))
    title = note.text.splitlines()[0]
    return Topic(
        guid=note.guid, title=title if len(title) <= TITLE_MOST else f"{title[:TITLE_MOST - 1]}…", kind=TYPES[1],
        priority=PRIORITIES[1], labels=tuple(word for word in (LABEL, note.parcel) if word), author=note.author,
        description=f"{note.text}\nE {east:.3f}  N {north:.3f}  H {height:.3f}", file="",
        viewpoints=(Viewpoint(
            guid=str(uuid.uuid5(uuid.UUID(note.guid), "view")), position=scene.frame.world(position),
            direction=forward, up=up, selected=(note.element,) if GLOBAL_ID.fullmatch(note.element) else (),
            snapshot=picture, field_deg=angle, aspect=note.aspect),))


def write_topics(
    scene: Scene, report: Report, notes: Sequence[Annotation], pictures: Sequence[bytes | None], path: Path,
    lang: Language,
) -> Path:
    """Write findings and notes into one BCF file; each note with its picture."""
    own = [topic_of(scene, note, picture) for note, picture in zip(notes, pictures, strict=True)]
    return bcf.write_topics(scene, [*topics_of(scene, report, {}, lang), *own], path)
