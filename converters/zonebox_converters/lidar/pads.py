"""The ground as it will be: pads graded for the designs, and the places of demolished buildings bridged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from zonebox import tolerance
from zonebox.geometry.planview import Area, cut_at, polygons, seen_from_above
from zonebox.geometry.regrading import INSET_M, Terrace, earth_moved, sewn, terraced
from zonebox.geometry.soup import Soup
from zonebox.model.terrain import Pad, Terrain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zonebox.geometry.mesh import Mesh
    from zonebox.model import Building, Parcel, Scene

APRON_M: Final = 1.0
"""The ground is level at least this far round a wall, where the site reaches that far."""

RUN: Final = 2.0
"""Metres of slope for each metre of height, between a pad and the ground around the site (1 : 2) ..."""

SLOPE_MOST_M: Final = 10.0
"""... and never wider than this."""

KEEP_M: Final = 1.0
"""Ground this near to a building that stays is left as it is."""

LIFT_M: Final = 0.5
"""A design that stands no higher than this above its ground has the ground raised to it; above, it stands on legs."""

BESIDE_M: Final = 0.05
"""Sections are taken this far above and below the design ground."""


def graded(scene: Scene) -> tuple[Terrain | None, tuple[Pad, ...]]:
    """Cut the designs and their sites into the ground of a scene.

    The site is the parcel, without the buildings that stay. It is graded to the design ground, with slopes of 1 : 2 up
    or down to the ground along its border; within the walls the ground lies at the bottom of the design, so that it
    pierces no floor.

    Parameters
    ----------
    scene : Scene
        Its terrain, plan, designs and the context that stays. Where it has designs of several variants, those are left
        out: they may stand at one place. The ground under what is demolished is bridged from around it.

    Returns
    -------
    terrain : Terrain or None
        The new surface, with a note for each pad; None where the scene has no ground or nothing changes it.
    pads : tuple of Pad
        Level and volumes, in the order of the designs.
    """
    if scene.terrain is None or not len(scene.terrain.mesh):
        return None, ()
    mesh, notes, pads = scene.terrain.mesh, [], []
    for building in scene.demolished:
        mesh = terraced(mesh, [Terrace(shape=seen_from_above(building.mesh).buffer(KEEP_M / 2), level_m=None)])
        notes.append(f"{building.id}: demolished; the ground under it is bridged")
    schemes = {d.variant for d in scene.designs if d.variant}
    designs = [d for d in scene.designs if len(schemes) < 2 or not d.variant]
    if len(designs) < len(scene.designs):
        notes.append(f"no pads for the designs of variants {', '.join(sorted(schemes))}: choose one")
    for design in designs:
        mesh, pad, said = _padded(mesh, design, scene)
        pads += [pad] if pad else []
        notes += said
    if mesh is scene.terrain.mesh and not notes:
        return None, ()
    return replace(scene.terrain, mesh=mesh, notes=tuple(notes)), tuple(pads)


def _padded(mesh: Mesh, design: Building, scene: Scene) -> tuple[Mesh, Pad | None, list[str]]:
    """Cut one design into a surface: the part of it near the design is taken out, changed and sewn in again."""
    parcel = scene.plan.parcel(design.parcel)
    near = _near(mesh, design.mesh.bounds[:, :2] if parcel is None else np.array([
        np.minimum(design.mesh.bounds[0, :2], parcel.shape.bounds[:2]),
        np.maximum(design.mesh.bounds[1, :2], parcel.shape.bounds[2:])]))
    made, pad, said = _padded_near(mesh.part(near), design, parcel, scene)
    return (mesh if pad is None else sewn(mesh.part(~near), made.corners)), pad, said


def _near(mesh: Mesh, box: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mask of the triangles that come near to a plan rectangle (2, 2)."""
    corners = mesh.corners[:, :, :2]
    reach = APRON_M + SLOPE_MOST_M + 1.0
    return np.asarray((corners.min(1) <= box[1] + reach).all(1) & (corners.max(1) >= box[0] - reach).all(1))


def _padded_near(
    mesh: Mesh, design: Building, parcel: Parcel | None, scene: Scene
) -> tuple[Mesh, Pad | None, list[str]]:
    """Cut one design into the surface around it."""
    before = Terrain(mesh=mesh, source="", max_error_m=0.0, rms_error_m=0.0, ground_points=0)
    level, said = _level(design, parcel, before)
    body = design.mesh if design.solid is None else design.solid
    bottom = float(body.bounds[0, 2])
    footprint = _footprint(design, level)
    if footprint.is_empty:
        return mesh, None, [f"{design.id}: does not reach down to its ground at {level:.2f} m; no pad is cut"]
    if not np.isfinite(before.height_at(shapely.get_coordinates(footprint))).all():
        return mesh, None, [f"{design.id}: the terrain does not reach under it; no pad is cut"]
    said += _in_the_way(footprint, scene)
    outer, pad = _site(footprint, parcel, before, level, scene)
    at_wall = bottom if level < bottom <= level + LIFT_M else level
    if bottom > at_wall + tolerance.SNAP_M:
        said.append(f"{design.id}: stands {bottom - level:.2f} m above its design ground")
    steps = [Terrace(shape=outer, level_m=None), Terrace(shape=pad, level_m=level),
             Terrace(shape=footprint, level_m=at_wall)]
    levelled = terraced(mesh, steps)
    floor = min(at_wall, bottom)
    pit = footprint.buffer(-INSET_M)
    made = levelled if floor >= at_wall else terraced(mesh, [*steps, Terrace(shape=pit, level_m=floor)])
    earth = earth_moved(mesh, levelled, outer)
    row = Pad(design=design.id, level_m=level, area_m2=float(pad.area), cut_m3=earth.cut_m3, fill_m3=earth.fill_m3,
              excavation_m3=(at_wall - floor) * float(pit.area))
    return made, row, [*said, _told(row)]


def _told(pad: Pad) -> str:
    return (f"{pad.design}: pad of {pad.area_m2:,.0f} m² at {pad.level_m:.2f} m; cut {pad.cut_m3:,.0f} m³, fill "
            f"{pad.fill_m3:,.0f} m³, and {pad.excavation_m3:,.0f} m³ dug out below the design ground within the walls")


def _level(design: Building, parcel: Parcel | None, ground: Terrain) -> tuple[float, list[str]]:
    """Find the design ground: of the design, else of its parcel, else the mean of the ground under it."""
    if design.ground_m is not None:
        return design.ground_m, []
    if parcel is not None and parcel.design_ground_m is not None:
        return parcel.design_ground_m, []
    mean = ground.mean_over(seen_from_above(design.mesh))
    level = float(design.mesh.bounds[0, 2]) if np.isnan(mean) else mean
    return level, [f"{design.id}: no design ground is stated; its pad lies at {level:.2f} m, the mean ground under it"]


def _footprint(design: Building, level: float) -> Area:
    """Outline of a design where it meets its ground: its sections just above and below, else its plan up to there."""
    bottom = float(design.mesh.bounds[0, 2])
    level = max(level, bottom)
    if design.solid is not None:
        cuts = [cut_at(design.solid, level + BESIDE_M), cut_at(design.solid, level - BESIDE_M)]
        return polygons(shapely.union_all(cuts, grid_size=tolerance.SNAP_M))
    return seen_from_above(Soup.of(design.mesh).below([0.0, 0.0, 1.0], level + 1.0).mesh())


def _site(
    footprint: Area, parcel: Parcel | None, ground: Terrain, level: float, scene: Scene
) -> tuple[Area, Area]:
    """Find where the ground may change, and the part of it that becomes level."""
    site = footprint.buffer(APRON_M + SLOPE_MOST_M) if parcel is None else parcel.shape
    stays = [seen_from_above(b.mesh).buffer(KEEP_M) for b in scene.context if _meets(b.mesh, site)]
    site = shapely.difference(site, shapely.union_all(stays)) if stays else site
    along = shapely.get_coordinates(shapely.segmentize(site.boundary, APRON_M))
    step = np.abs(ground.height_at(along) - level)
    run = float(np.clip(RUN * np.nanmax(step, initial=0.0), APRON_M, SLOPE_MOST_M))
    wall = footprint.buffer(2 * INSET_M, join_style="mitre")
    apron = shapely.intersection(footprint.buffer(APRON_M, join_style="mitre"), site)
    level_part = shapely.union_all([site.buffer(-run), apron, wall])
    outer = shapely.union_all([site, footprint.buffer(4 * INSET_M, join_style="mitre")])
    return polygons(outer), polygons(level_part)


def _in_the_way(footprint: Area, scene: Scene) -> Iterable[str]:
    """Name the buildings of the context that stand where the design stands."""
    for building in scene.context:
        if _meets(building.mesh, footprint):
            shared = float(shapely.intersection(seen_from_above(building.mesh), footprint).area)
            if shared > tolerance.AREA_M2:
                yield (f"{building.id}: {shared:,.0f} m² of it stand where the design stands; if it goes, list it in "
                       "demolished of [[context]]")


def _meets(mesh: Mesh, shape: Area) -> bool:
    """Whether the plan boxes of a mesh and a shape share a point."""
    if not len(mesh) or shape.is_empty:
        return False
    (x0, y0, _), (x1, y1, _) = mesh.bounds
    return bool(shapely.intersects(shapely.box(x0, y0, x1, y1), shape))
