"""Scene and report as named layers of drawables: what the viewer can show, hide and pick."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.geometry.mesh import Mesh, merged, triangle_normals
from zonebox.model import Building, ControlEnvelope, EdgeRole, Finding, Parcel, Report, Scene, State
from zonebox.viewer import palette, violations
from zonebox.viewer.drawable import Colors, Key, Layer, Lines, Material, Surface, Tag, rgba, uniform
from zonebox.viewer.ground import LIFT_M, LOW_LIFT_M, Ground, ground_of
from zonebox.viewer.groundmap import PIXELS, SUN, GroundMap, height_range
from zonebox.viewer.outline import creases, creases_of_each
from zonebox.viewer.shadows import Toward
from zonebox.viewer.words import Lang, say

WALL_ALPHA: Final = 0.11
ROOF_ALPHA: Final = 0.24
"""Opacity of upright and of other faces of an envelope."""

EDGE_INSET_M: Final = 0.45
"""A parcel's edges are drawn this far inside it, so that those of two neighbours stay apart."""

INSET_PARCELS: Final = 3_000
"""Plans of more parcels than this are shown with the edges where they lie: nobody comes so near."""

HATCH_M: Final = 4.0
"""Distance between the lines over a lot on which nothing can be built."""

EDGE_PX: Final = 1.7
TAGS_MOST: Final = 300
"""Plans of more parcels than this are shown without the parcels' numbers."""

OUTLINED_TRIANGLES: Final = 400_000
"""Bodies beyond this many triangles together are drawn without their edges."""


def build(
    scene: Scene, report: Report | None, lang: Lang, *, latin_only: bool = False, map_pixels: int = PIXELS,
    ground: Ground | None = None,
) -> tuple[Layer, ...]:
    """Turn a scene and what was found in it into layers, ground first.

    Parameters
    ----------
    latin_only : bool
        Leave out what only a Chinese font could write.
    map_pixels : int
        Longer side of the map that is printed on the ground.
    ground : Ground, optional
        The scene's ground, where it was cut before.
    """
    ground = ground or ground_of(scene)
    findings = () if report is None else report.findings
    return (
        terrain(scene, GroundMap(ground, map_pixels), lang),
        plan_lines(scene, ground, lang),
        context(scene, ground, lang),
        designs(scene, lang),
        parcels(scene, ground, lang),
        envelopes(scene, ground, findings, lang),
        found(scene, report, lang, latin_only=latin_only),
    )


def changed(
    before: Sequence[Layer], scene: Scene, report: Report | None, lang: Lang, *, ground: Ground,
    latin_only: bool = False, design: bool = True,
) -> tuple[Layer, ...]:
    """Draw anew what a change of controls or designs alters; the ground and what stands on it stay as they are.

    ``design`` tells whether a design has moved or another variant is shown.
    """
    fresh = {"envelopes": envelopes(scene, ground, () if report is None else report.findings, lang),
             "findings": found(scene, report, lang, latin_only=latin_only)}
    if design:
        fresh["design"] = designs(scene, lang)
    return tuple(fresh.get(layer.name, layer) for layer in before)


def terrain(
    scene: Scene, printer: GroundMap, lang: Lang, sun: Toward = SUN, *, by_height: bool = False,
) -> Layer:
    """Show the ground as a block with the map printed on it, or coloured by its height."""
    ground = printer.ground
    top = Surface(mesh=ground.surface, colors=uniform(palette.PAPER, len(ground.surface)), material=Material.GROUND,
                  texture=printer.draw(scene, sun=sun, by_height=by_height),
                  texture_box=ground.box)
    side = Surface(mesh=ground.skirt, colors=uniform(palette.GROUND_CUT, len(ground.skirt)))
    surfaces = (top, side) if len(ground.skirt) else (top,)
    keys: tuple[Key, ...] = ()
    if by_height:
        stops = np.linspace(*height_range(ground), len(palette.HEIGHTS))
        keys = tuple(Key(text=f"{say('terrain', lang)} {z:.1f} m", color=color)
                     for z, color in zip(stops, palette.HEIGHTS, strict=True))[::-1]
    return Layer(name="terrain", title=say("terrain", lang), surfaces=surfaces, keys=keys)


def plan_lines(scene: Scene, ground: Ground, lang: Lang) -> Layer:
    """Control lines of the plan, laid on the ground."""
    frame = shapely.box(*ground.box)
    pieces: list[NDArray[np.float64]] = []
    colors: list[palette.Rgb] = []
    keys: dict[str, Key] = {}
    for line in scene.plan.lines:
        shape = shapely.force_2d(line.shape)
        outline = shape.boundary if shape.geom_type.endswith("Polygon") else shape
        parts = [p for p in shapely.get_parts(shapely.intersection(outline, frame)) if p.geom_type == "LineString"]
        pieces += [shapely.get_coordinates(part) for part in parts]
        colors += [palette.plan_line(line.kind)] * len(parts)
        if parts:
            keys.setdefault(line.kind, Key(text=say(line.kind, lang), color=palette.plan_line(line.kind), line=True))
    return Layer(name="lines", title=say("lines", lang), keys=tuple(keys.values()),
                 lines=_draped(ground, pieces, colors, 2.2, lift=LOW_LIFT_M))


def context(scene: Scene, ground: Ground, lang: Lang) -> Layer:
    """Existing buildings near the parcels, all in one pale tone."""
    x0, y0, x1, y1 = ground.box
    near = [b for b in scene.context if len(b.mesh) and _overlaps(b.mesh, (x0, y0), (x1, y1))]
    if not near:
        return Layer(name="context", title=say("context", lang))
    body = Surface(mesh=merged([b.mesh for b in near]),
                   colors=uniform(palette.CONTEXT, sum(len(b.mesh) for b in near)),
                   subjects=tuple(f"context:{b.id}" for b in near),
                   triangle_subject=_numbered([b.mesh for b in near]))
    edges = _outlined([b.mesh for b in near], palette.CONTEXT_EDGE)
    return Layer(name="context", title=say("context", lang), surfaces=(body,), lines=_lines(*edges, 1.0),
                 keys=(Key(text=say("context", lang), color=palette.CONTEXT, edge=palette.CONTEXT_EDGE),))


def designs(scene: Scene, lang: Lang) -> Layer:
    """Designs in their own colours; what is translucent in them is glass."""
    shown = [b for b in scene.designs if len(b.mesh)]
    if not shown:
        return Layer(name="design", title=say("design", lang))
    surfaces = []
    for material in (Material.MATTE, Material.GLASS):
        picked = [(b, (b.triangle_color[:, 3] < 255) == (material is Material.GLASS)) for b in shown]
        picked = [(b, keep) for b, keep in picked if keep.any()]
        if picked:
            first = np.cumsum([0] + [len(b.elements) for b, _ in picked])
            surfaces.append(Surface(
                mesh=merged([b.mesh.part(keep) for b, keep in picked]),
                material=material,
                colors=np.concatenate([_own_colors(b)[keep] for b, keep in picked]),
                subjects=tuple(f"element:{b.id}/{element.id}" for b, _ in picked for element in b.elements),
                triangle_subject=np.concatenate([b.triangle_element[keep] + np.int32(start)
                                                 for (b, keep), start in zip(picked, first, strict=False)]),
            ))
    edges = _outlined([b.mesh for b in shown], palette.DESIGN_EDGE)
    typical = np.median(np.concatenate([_own_colors(b) for b in shown]), axis=0)
    key = Key(text=say("design", lang), color=(int(typical[0]), int(typical[1]), int(typical[2])),
              edge=palette.DESIGN_EDGE)
    return Layer(name="design", title=say("design", lang), surfaces=tuple(surfaces), lines=_lines(*edges, 1.0),
                 keys=(key,))


def parcels(scene: Scene, ground: Ground, lang: Lang) -> Layer:
    """Edges of the parcels on the ground, coloured by role, and the parcels' numbers."""
    shown = [parcel for parcel in scene.plan.parcels if not parcel.shape.is_empty]
    pieces, roles = _edges_inset(shown) if len(shown) <= INSET_PARCELS else _edges_plain(shown)
    keys = [Key(text=say("edges", lang))] if roles else []
    present = set(roles)
    keys += [Key(text=say(role.value, lang), color=palette.ROLE[role], line=True) for role in EdgeRole
             if role in present]
    return Layer(name="parcels", title=say("parcels", lang), keys=tuple(keys),
                 lines=_draped(ground, pieces, [palette.ROLE[role] for role in roles], 3.4),
                 tags=_tags(shown, scene, ground) if len(shown) <= TAGS_MOST else ())


def envelopes(scene: Scene, ground: Ground, findings: Sequence[Finding], lang: Lang) -> Layer:
    """Envelopes as glass with crisp edges: blue, amber where marginal or against guidance, grey where unchecked."""
    by_parcel: dict[str, list[Finding]] = {}
    for finding in findings:
        by_parcel.setdefault(finding.parcel, []).append(finding)
    shown = [e for e in scene.envelopes if len(e.solid)]
    empty = [e for e in scene.envelopes if e.empty is not None]
    tones = [tone_of(by_parcel.get(e.parcel, ())) for e in shown]
    keys = [Key(text=say(tone, lang), color=_FILL[tone], edge=_EDGE[tone], alpha=0.35)
            for tone in _FILL if tone in tones]
    keys += [Key(text=say("envelope_empty", lang), color=palette.EMPTY, hatched=True)] * bool(empty)
    surfaces: tuple[Surface, ...] = ()
    if shown:
        boxes, whose = merged([e.solid for e in shown]), _numbered([e.solid for e in shown])
        surfaces = (Surface(mesh=boxes, material=Material.GLASS,
                            colors=_glass(boxes, np.array([_FILL[tone] for tone in tones])[whose]),
                            subjects=tuple(f"parcel:{e.parcel}" for e in shown), triangle_subject=whose),)
    edges, envelope, buried = _edges_of(shown)
    strokes = list(edges[buried])
    stroke_colors = [_EDGE[tones[number]] for number in envelope[buried]]
    drawn = np.array([rgba(_EDGE[tone]) for tone in tones], dtype=np.uint8).reshape(-1, 4)[envelope[~buried]]
    for hatched in empty:
        hatch = _hatch(hatched)
        strokes += hatch
        stroke_colors += [palette.EMPTY] * len(hatch)
    lines = (*_lines([edges[~buried]], [drawn], EDGE_PX),
             *_draped(ground, strokes, stroke_colors, EDGE_PX, lift=LOW_LIFT_M))
    return Layer(name="envelopes", title=say("envelopes", lang), surfaces=surfaces, lines=lines, keys=tuple(keys))


def found(scene: Scene, report: Report | None, lang: Lang, *, latin_only: bool = False) -> Layer:
    """Offending parts and the notes on the worst findings."""
    if report is None:
        return Layer(name="findings", title=say("findings", lang))
    keys = []
    if any(violations.is_violation(f) for f in report.findings):
        keys.append(Key(text=say("violation", lang), color=palette.STATE[State.FAIL]))
    if any(violations.is_warning(f) for f in report.findings):
        keys.append(Key(text=say("violation_warning", lang), color=palette.STATE[State.MARGINAL]))
    return Layer(name="findings", title=say("findings", lang), surfaces=violations.parts(report.findings),
                 callouts=violations.callouts(scene, report, lang, latin_only=latin_only), keys=tuple(keys))


def tone_of(findings: Sequence[Finding]) -> str:
    """Which tone an envelope gets, as the key of its legend row.

    Red parts speak for what is broken, so an envelope with violations stays blue.
    """
    if any(violations.is_violation(f) for f in findings):
        return "envelope"
    if any(violations.is_warning(f) for f in findings):
        return "envelope_warning"
    if findings and all(f.state is State.NOT_CHECKED for f in findings):
        return "envelope_unchecked"
    return "envelope"


_FILL: Final = {"envelope": palette.ENVELOPE, "envelope_warning": palette.ENVELOPE_WARNING,
                "envelope_unchecked": palette.ENVELOPE_UNCHECKED}
_EDGE: Final = {"envelope": palette.ENVELOPE_EDGE, "envelope_warning": palette.ENVELOPE_WARNING_EDGE,
                "envelope_unchecked": palette.ENVELOPE_UNCHECKED_EDGE}


def _glass(mesh: Mesh, fill: NDArray[np.int64]) -> Colors:
    """RGBA (m, 4) of envelopes' faces in their fills (m, 3): upright ones are thinner than roofs."""
    normals = triangle_normals(mesh.corners)
    steep = np.abs(normals[:, 2]) < 0.2 * np.linalg.norm(normals, axis=1)
    alpha = np.where(steep, round(255 * WALL_ALPHA), round(255 * ROOF_ALPHA))
    return np.column_stack([fill, alpha]).astype(np.uint8)


def _edges_of(
    shown: Sequence[ControlEnvelope],
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """Creases (k, 2, 3) of envelopes, whose they are, and which are of a buried base, to be laid on the ground."""
    lines, whose = creases_of_each([e.solid for e in shown], crease_deg=8.0, borders=False)
    bases = np.array([e.base_m for e in shown])[whose] if len(shown) else np.zeros(0)
    return lines, whose, np.asarray((lines[:, :, 2] <= bases[:, None] + 0.01).all(1))


def _hatch(envelope: ControlEnvelope) -> list[NDArray[np.float64]]:
    """Slanting lines over a lot on which nothing can be built."""
    x0, y0, x1, y1 = envelope.shape.bounds
    tall = y1 - y0
    starts = np.arange(x0 - tall, x1, HATCH_M)
    strokes = shapely.linestrings(np.stack([np.column_stack([starts, np.full(len(starts), y0)]),
                                            np.column_stack([starts + tall, np.full(len(starts), y1)])], axis=1))
    parts = shapely.get_parts(shapely.intersection(strokes, envelope.shape.buffer(-EDGE_INSET_M)))
    return [shapely.get_coordinates(part) for part in parts if part.geom_type == "LineString"]


def _edges_inset(shown: Sequence[Parcel]) -> tuple[Sequence[NDArray[np.float64]], list[EdgeRole]]:
    """Edges of parcels, moved inward, with their roles."""
    pieces: list[NDArray[np.float64]] = []
    roles: list[EdgeRole] = []
    for parcel in shown:
        named = {edge.index: edge.role for edge in parcel.edges}
        edges = _inset(parcel)
        pieces += edges
        roles += [named.get(number, EdgeRole.INTERIOR) for number in range(len(edges))]
    return pieces, roles


def _edges_plain(shown: Sequence[Parcel]) -> tuple[Sequence[NDArray[np.float64]], list[EdgeRole]]:
    """Edges of many parcels where they lie, in the order of `Parcel.boundary`, with their roles."""
    shapes = shapely.orient_polygons(np.array([parcel.shape for parcel in shown], dtype=object))
    parts, of_parcel = shapely.get_parts(shapes, return_index=True)
    rings, of_part = shapely.get_rings(parts, return_index=True)
    xy, of_ring = shapely.get_coordinates(rings, return_index=True)
    same = of_ring[1:] == of_ring[:-1]
    pieces = np.stack([xy[:-1], xy[1:]], axis=1)[same]
    counts = np.bincount(of_parcel[of_part[of_ring[1:][same]]], minlength=len(shown))
    roles = []
    for parcel, count in zip(shown, counts.tolist(), strict=True):
        named = {edge.index: edge.role for edge in parcel.edges}
        roles += [named.get(number, EdgeRole.INTERIOR) for number in range(count)]
    return list(pieces), roles


def _inset(parcel: Parcel) -> list[NDArray[np.float64]]:
    """Edges (2, 2) of a parcel's boundary, moved inward with mitred corners."""
    b = parcel.boundary
    n = b.inward

    def corner(point: NDArray[np.float64], one: NDArray[np.intp], two: NDArray[np.intp]) -> NDArray[np.float64]:
        both = n[one] + n[two]
        stretch = 1.0 / np.maximum(1.0 + (n[one] * n[two]).sum(1, keepdims=True), 0.25)
        return np.asarray(point + EDGE_INSET_M * both * stretch)

    every = np.arange(len(b))
    starts, ends = corner(b.start, b.before, every), corner(b.end, every, b.after)
    return [np.array(pair) for pair in zip(starts, ends, strict=True)]


def _tags(shown: Sequence[Parcel], scene: Scene, ground: Ground) -> tuple[Tag, ...]:
    """Name each parcel by number and use, with places to write it: on the ground, else on top of its envelope."""
    tops = {e.parcel: e.top_m for e in scene.envelopes if len(e.solid)}
    tags = []
    for parcel in shown:
        places = _tag_places(parcel)
        anchors = [(x, y, float(z)) for (x, y), z in zip(places, ground.height_at(places), strict=True)]
        if parcel.id in tops:
            anchors.append((*places[-1], tops[parcel.id]))
        text = " ".join(word for word in (parcel.id, parcel.land_use) if word)
        tags.append(Tag(subject=f"parcel:{parcel.id}", anchors=tuple(anchors), text=text, color=palette.INK))
    return tuple(tags)


def _tag_places(parcel: Parcel) -> list[tuple[float, float]]:
    """Points inside a parcel: near its south, which the overview looks at, near its other sides, in its middle."""
    x0, y0, x1, y1 = parcel.shape.bounds
    wide, tall = 0.24 * (x1 - x0), 0.24 * (y1 - y0)
    sides = (shapely.box(x0, y0, x1, y0 + tall), shapely.box(x1 - wide, y0, x1, y1), shapely.box(x0, y0, x0 + wide, y1),
             shapely.box(x0, y1 - tall, x1, y1))
    strips = [strip for side in sides if not (strip := parcel.shape.intersection(side)).is_empty]
    points = [shape.representative_point() for shape in (*strips, parcel.shape)]
    return [(float(point.x), float(point.y)) for point in points]


def _own_colors(building: Building) -> Colors:
    """Colours of a design; black, which many models carry by neglect, becomes grey."""
    colors = np.array(building.triangle_color)
    colors[colors[:, :3].max(1) < 12, :3] = 150
    return colors


def _outlined(meshes: Sequence[Mesh], color: palette.Rgb) -> tuple[list[NDArray[np.float64]], list[Colors]]:
    """Creases of bodies, unless there is too much of them."""
    if sum(map(len, meshes)) > OUTLINED_TRIANGLES:
        return [], []
    pieces = [creases(merged(list(meshes)), borders=False)]
    return pieces, [uniform(color, len(pieces[0]))]


def _lines(pieces: Sequence[NDArray[np.float64]], colors: Sequence[Colors], width_px: float) -> tuple[Lines, ...]:
    if not sum(map(len, pieces)):
        return ()
    return (Lines(segments=np.concatenate(pieces), colors=np.concatenate(colors), width_px=width_px),)


def _draped(
    ground: Ground, pieces: Sequence[NDArray[np.float64]], colors: Sequence[palette.Rgb], width_px: float, *,
    lift: float = LIFT_M,
) -> tuple[Lines, ...]:
    """Polylines (n, 2) laid on the ground, each in its colour."""
    segments, owner = ground.drape(pieces, lift=lift)
    if not len(segments):
        return ()
    table = np.array([rgba(color) for color in colors], dtype=np.uint8)
    return (Lines(segments=segments, colors=table[owner], width_px=width_px),)


def _numbered(meshes: Sequence[Mesh]) -> NDArray[np.int32]:
    return np.repeat(np.arange(len(meshes), dtype=np.int32), [len(m) for m in meshes])


def _overlaps(mesh: Mesh, low: tuple[float, float], high: tuple[float, float]) -> bool:
    middle = mesh.bounds.mean(0)[:2]
    return bool((middle >= low).all() and (middle <= high).all())
