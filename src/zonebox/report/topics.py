"""Findings as BCF topics: what both versions of the format say, before it is written in either."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox.model import Building, Finding, Report, Scene, State
from zonebox.report import shapes
from zonebox.report.facts import Facts, broken, facts_of, is_guidance
from zonebox.report.limits import limit_plane
from zonebox.report.sight import ASPECT, FIELD_DEG, NO_CAMERAS, Camera, camera_of
from zonebox.words import Language, word

Array = NDArray[np.float64]

GLOBAL_ID: Final = re.compile(r"[0-3][0-9A-Za-z_$]{21}")
PRIORITIES: Final = ("high", "normal", "low")
TYPES: Final = ("Error", "Warning")
STATUS: Final = "Open"
AUTHOR: Final = "zonebox"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Viewpoint:
    """A camera with what is selected and cut away; all places (E, N, H) in the scene's CRS, metres.

    ``planes`` are (place, direction) pairs whose direction points into the space that is hidden, as BCF has it;
    ``lines`` are drawn in space.
    """

    guid: str
    position: Array
    direction: Array
    up: Array
    selected: tuple[str, ...]
    planes: tuple[tuple[Array, Array], ...] = ()
    lines: tuple[tuple[Array, Array], ...] = ()
    snapshot: bytes | None = None
    field_deg: float = FIELD_DEG
    aspect: float = ASPECT


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Topic:
    """One finding as a topic."""

    guid: str
    title: str
    kind: str
    priority: str
    labels: tuple[str, ...]
    description: str
    file: str
    viewpoints: tuple[Viewpoint, ...]
    author: str = AUTHOR


def topics_of(
    scene: Scene, report: Report, pictures: Mapping[str, bytes], lang: Language,
    known: Mapping[str, Camera] = NO_CAMERAS,
) -> list[Topic]:
    """Make a topic of every finding that fails or is marginal, worst first; ``known`` are cameras chosen before."""
    return [_topic(scene, finding, pictures.get(finding.id), known.get(finding.id), lang)
            for finding in broken(report)]


def priority_of(finding: Finding) -> str:
    """Failing a mandatory control is high; failing guidance, or being marginal, is normal; both together low.

    >>> from zonebox.model import Finding, State
    >>> priority_of(Finding(id="a", check="height", state=State.FAIL, parcel="", design="", control=None))
    'high'
    """
    return PRIORITIES[(finding.state is not State.FAIL) + is_guidance(finding)]


def _topic(scene: Scene, finding: Finding, picture: bytes | None, camera: Camera | None, lang: Language) -> Topic:
    facts = facts_of(scene, finding, lang)
    design = shapes.design_of(scene, finding)
    labels = (facts.check, finding.parcel, facts.edge, facts.severity)
    return Topic(
        guid=facts.uuid, title=" — ".join(t for t in (facts.title, _headline(facts)) if t),
        kind=TYPES[0] if priority_of(finding) == "high" else TYPES[1], priority=priority_of(finding),
        labels=tuple(dict.fromkeys(label for label in labels if label)), description=describe(facts, lang),
        file="" if design is None else _file_name(design),
        viewpoints=_viewpoints(scene, finding, facts, picture, camera or camera_of(scene, finding)),
    )


def describe(facts: Facts, lang: Language) -> str:
    """Say in lines of text what the finding carries, numbers first."""
    f = facts.finding
    control = f.control
    place = "" if facts.place is None else "E {:.3f}  N {:.3f}  H {:.3f}".format(*facts.place)
    clause = ""
    if control is not None:
        a = control.authority
        clause = ", ".join(t for t in (a.doc, a.clause, a.version, a.status) if t)
    others = [e for e in f.elements if not GLOBAL_ID.fullmatch(e)]
    rows = [
        (word("limit", lang), facts.limit), (word("value", lang), facts.value), (word("margin", lang), facts.margin),
        (word("report.tolerance", lang), facts.tolerance), (word("report.datum", lang), facts.datum),
        (word("report.place", lang), place), (word("report.edge", lang), facts.edge),
        (word("report.storey", lang), f.where.storey), (word("report.clause", lang), clause),
        (word("report.severity", lang), facts.severity), (word("report.cure", lang), facts.cure),
        (word("report.reason", lang), f.said(lang)), (word("report.elements", lang), " ".join(others)),
        (word("report.id", lang), f.id),
    ]
    return "\n".join(f"{name}: {text}" for name, text in rows if text and text != "–")


def _headline(facts: Facts) -> str:
    return "" if facts.finding.margin is None else facts.margin


def _file_name(design: Building) -> str:
    return Path(design.source).name


def _viewpoints(
    scene: Scene, finding: Finding, facts: Facts, picture: bytes | None, camera: Camera | None
) -> tuple[Viewpoint, ...]:
    """Make one view of everything and, where the limit is a plane, one of only what lies beyond it."""
    if camera is None:
        return ()
    world = scene.frame.world
    selected = tuple(e for e in finding.elements if GLOBAL_ID.fullmatch(e))
    line = shapes.dimension(scene, finding)
    lines = () if line is None else ((world(line[0]), world(line[1])),)
    whole = Viewpoint(guid=_child(facts, "view"), position=world(camera.position), direction=camera.direction,
                      up=camera.up, selected=selected, lines=lines, snapshot=picture)
    plane = limit_plane(scene, finding)
    if plane is None:
        return (whole,)
    beyond = Viewpoint(guid=_child(facts, "beyond"), position=world(camera.position), direction=camera.direction,
                       up=camera.up, selected=selected, lines=lines, planes=((world(plane.point), -plane.forbidden),))
    return whole, beyond


def _child(facts: Facts, name: str) -> str:
    return str(uuid.uuid5(uuid.UUID(facts.uuid), name))
