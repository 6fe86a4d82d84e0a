"""The ground as it will be: pads graded for the designs, and the places of demolished buildings bridged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from zonebox import tolerance
from zonebox.checks.subject import Site
from zonebox.geometry.earthwork import earth_moved
from zonebox.geometry.patching import Patchwork
from zonebox.geometry.planview import Area, cut_at, polygons, seen_from_above
from zonebox.geometry.regrading import INSET_M, Terrace, terraced
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

    The site is the parcel that a design claims, else the one it covers most, without the buildings that stay. It is
    graded to the design ground, with slopes of 1 : 2 up or down to the ground along its border; within the walls the
    ground lies at the bottom of the design, so that it pierces no floor.

    Parameters
    ----------
    scene : Scene
        Its terrain, plan, designs and the context that stays. Where it has designs of several variants, which may
        stand at one place, the ground is graded for those of the first. The ground under what is demolished is bridged
        from around it.

    Returns
    -------
    terrain : Terrain or None
        The new surface, with a note for each pad; None where the scene has no ground or nothing changes it.
    pads : tuple of Pad
        Level and volumes, in the order of the designs.
    """
    if scene.terrain is None or not len(scene.terrain.mesh):
        return None, ()
    works = _Works(scene)
    notes = [works.bridge(building) for building in scene.demolished]
    schemes = tuple(dict.fromkeys(d.variant for d in scene.designs if d.variant))
    if len(schemes) > 1:
        notes.append(f"the ground is graded for variant {schemes[0]}, the first of {', '.join(schemes)}; choose "
                     "another with --variant")
    pads = []
    for design in scene.designs:
        if not design.variant or design.variant == schemes[0]:
            pad, said = works.pad(design)
            pads += [pad] if pad else []
            notes += said
    if not notes and not pads:
        return None, ()
    return replace(scene.terrain, mesh=works.ground.whole(), notes=tuple(notes)), tuple(pads)


class _Works:
    """The ground of a scene while it is changed."""

    def __init__(self, scene: Scene) -> None:
        assert scene.terrain is not None
        self.ground = Patchwork(scene.terrain.mesh)
        self._site = Site(scene)
        self._context = scene.context
        boxes = np.array([b.mesh.bounds[:, :2].ravel() if len(b.mesh) else np.full(4, np.nan) for b in scene.context])
        self._around = shapely.STRtree(shapely.box(*boxes.reshape(-1, 4).T))
        self._built: dict[str, list[Area]] = {}

    def bridge(self, building: Building) -> str:
        """Close the ground over a building that goes."""
        shape = seen_from_above(building.mesh).buffer(KEEP_M / 2)
        if not shape.is_empty:
            part = self.ground.taken(_widened(np.array(shape.bounds).reshape(2, 2)))
            self.ground.put(terraced(part, [Terrace(shape=shape, level_m=None)]) if len(part) else part)
        return f"{building.id}: demolished; the ground under it is bridged"

    def pad(self, design: Building) -> tuple[Pad | None, list[str]]:
        """Cut one design into the ground: the part near it is taken out, changed and put back."""
        parcel = self._site.parcel_of(design)
        box = design.mesh.bounds[:, :2] if len(design.mesh) else np.full((2, 2), np.nan)
        if parcel is not None:
            rim = np.array(parcel.shape.bounds).reshape(2, 2)
            box = np.stack([np.fmin(box[0], rim[0]), np.fmax(box[1], rim[1])])
        part = self.ground.taken(_widened(box))
        made, pad, said = self._padded(part, design, parcel)
        self.ground.put(made)
        return pad, said

    def _padded(self, mesh: Mesh, design: Building, parcel: Parcel | None) -> tuple[Mesh, Pad | None, list[str]]:
        before = Terrain(mesh=mesh, source="", max_error_m=0.0, rms_error_m=0.0, ground_points=0)
        level, said = _level(design, parcel, before)
        body = design.mesh if design.solid is None else design.solid
        bottom = float(body.bounds[0, 2])
        footprint = _footprint(design, level)
        if footprint.is_empty:
            return mesh, None, [f"{design.id}: does not reach down to its ground at {level:.2f} m; no pad is cut"]
        if not np.isfinite(before.height_at(shapely.get_coordinates(footprint))).all():
            return mesh, None, [f"{design.id}: the terrain does not reach under it; no pad is cut"]
        said += self._in_the_way(footprint)
        outer, pad = self._site_of(footprint, parcel, before, level)
        at_wall = bottom if level < bottom <= level + LIFT_M else level
        if bottom > at_wall + tolerance.SNAP_M:
            said.append(f"{design.id}: stands {bottom - level:.2f} m above its design ground")
        steps = [Terrace(shape=outer, level_m=None), Terrace(shape=pad, level_m=level),
                 Terrace(shape=footprint, level_m=at_wall)]
        levelled = terraced(mesh, steps)
        floor = min(at_wall, bottom)
        pit = footprint.buffer(-INSET_M)
        made = levelled if floor >= at_wall else terraced(mesh, [*steps, Terrace(shape=pit, level_m=floor)])
        flat = pad.buffer(-4 * INSET_M)
        flat = flat if at_wall == level else polygons(shapely.difference(flat, footprint.buffer(4 * INSET_M)))
        earth = earth_moved(mesh, levelled, outer, Terrace(shape=flat, level_m=level))
        row = Pad(design=design.id, parcel="" if parcel is None else parcel.id, level_m=level,
                  area_m2=float(pad.area), cut_m3=earth.cut_m3, fill_m3=earth.fill_m3,
                  excavation_m3=(at_wall - floor) * float(pit.area))
        self._built.setdefault(row.parcel, []).append(footprint)
        return made, row, [*said, _told(row)]

    def _site_of(self, footprint: Area, parcel: Parcel | None, ground: Terrain, level: float) -> tuple[Area, Area]:
        """Find where the ground may change, and the part of it that becomes level."""
        site = footprint.buffer(APRON_M + SLOPE_MOST_M) if parcel is None else parcel.shape
        stays = [seen_from_above(b.mesh).buffer(KEEP_M) for b in self._near(site)]
        stays += [built.buffer(APRON_M, join_style="mitre") for built in
                  self._built.get("" if parcel is None else parcel.id, [])]
        site = shapely.difference(site, shapely.union_all(stays)) if stays else site
        along = shapely.get_coordinates(shapely.segmentize(site.boundary, APRON_M))
        step = np.abs(ground.height_at(along) - level)
        run = float(np.clip(RUN * np.nanmax(step, initial=0.0), APRON_M, SLOPE_MOST_M))
        wall = footprint.buffer(2 * INSET_M, join_style="mitre")
        apron = shapely.intersection(footprint.buffer(APRON_M, join_style="mitre"), site)
        level_part = shapely.union_all([site.buffer(-run), apron, wall])
        outer = shapely.union_all([site, footprint.buffer(4 * INSET_M, join_style="mitre")])
        return polygons(outer), polygons(level_part)

    def _in_the_way(self, footprint: Area) -> Iterable[str]:
        """Name the buildings of the context that stand where the design stands."""
        for building in self._near(footprint):
            shared = float(shapely.intersection(seen_from_above(building.mesh), footprint).area)
            if shared > tolerance.AREA_M2:
                yield (f"{building.id}: {shared:,.0f} m² of it stand where the design stands; if it goes, list it in "
                       "demolished of [[context]]")

    def _near(self, shape: Area) -> list[Building]:
        """List the buildings that stay whose plan box meets a shape, in the context's order."""
        return [self._context[k] for k in np.sort(self._around.query(shape, predicate="intersects"))]


def _widened(box: NDArray[np.float64]) -> NDArray[np.float64]:
    """Enlarge a plan rectangle (2, 2) by what slopes may need around it."""
    reach = APRON_M + SLOPE_MOST_M + 1.0
    return np.asarray(box + np.array([[-reach], [reach]]))


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
