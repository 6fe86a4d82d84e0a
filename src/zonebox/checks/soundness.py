"""The body of a design: a closed solid where there is one, mended where that is possible, else sampled, and told so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import manifold3d
import numpy as np

from zonebox import tolerance
from zonebox.checks.mending import Mended, mended
from zonebox.checks.sampling import Samples, samples
from zonebox.checks.sentences import NOTHING, Said, listed, say
from zonebox.errors import GeometryError
from zonebox.geometry import solids
from zonebox.geometry.mesh import Mesh, area_m2, components, is_closed, triangle_normals, volume_m3

CROSSING_SHARE: Final = 0.005
"""A signed volume that differs from the sampled one by more than this share, and its error, crosses itself."""

CLOSED: Final = "closed"
REPAIRED: Final = "repaired"
SAMPLED: Final = "sampled"
NONE: Final = "none"

PLAIN_FROM: Final = 1_000
PLAIN_M: Final = 1e-9
"""Faces of solids with so many triangles are joined where they lie in one plane to this."""

CONVEX_MOST: Final = 64
CONVEX_RATIO: Final = 1e-6
"""Up to so many triangles a mesh is tried for being convex; its volume then is that of its hull, up to this share."""

LOOK_RAYS: Final = 48
"""Rays along each side when a closed mesh is only looked over for crossings."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Body:
    """What a design fills.

    ``state`` is ``closed``, ``repaired``, ``sampled`` or ``none``; ``solid`` is there for the first two, ``samples``
    for the third. ``u95_m3`` is the uncertainty of the volume.
    """

    state: str
    mesh: Mesh
    solid: solids.Solid | None = None
    samples: Samples | None = None
    volume_m3: float = 0.0
    u95_m3: float = 0.0
    note: Said = NOTHING


def body_of(mesh: Mesh) -> Body:
    """Find what a mesh fills.

    Examples
    --------
    >>> body_of(Mesh.empty()).state
    'none'
    """
    if not len(mesh):
        return Body(state=NONE, mesh=mesh, note=say("body.none", what=say("dirt.open", count=0)))
    if is_closed(mesh.triangles, len(mesh.vertices)) and not components(mesh).any() and volume_m3(mesh) > 0.0:
        try:
            solid = solids.solid_of(mesh)
        except GeometryError:
            solid = None
        if solid is not None and not _sheet(mesh, volume_m3(mesh)) and not _crosses(mesh, volume_m3(mesh)):
            return Body(state=CLOSED, mesh=mesh, solid=_plain(solid), volume_m3=float(solid.volume()))
    found = mended(mesh)
    volume = 0.0 if found.solid is None else float(found.solid.volume())
    if found.solid is not None and not _sheet(found.mesh, volume) and not _crosses(found.mesh, volume):
        raw = volume_m3(mesh)
        overlap = abs(abs(raw) - volume) > CROSSING_SHARE * volume and not found.open_edges and not found.turned
        clean = is_closed(mesh.triangles, len(mesh.vertices)) or is_closed(found.mesh.triangles,
                                                                          len(found.mesh.vertices))
        if clean and not (found.turned or found.open_edges or overlap):
            return Body(state=CLOSED, mesh=mesh, solid=_plain(found.solid), volume_m3=volume)
        note = say("body.repaired", what=_dirt(found, crossing=overlap))
        return Body(state=REPAIRED, mesh=mesh, solid=_plain(found.solid), volume_m3=volume, note=note)
    return _sampled(mesh, found)


def _plain(solid: solids.Solid) -> solids.Solid:
    """Join the triangles of each face of a large solid, to a nanometre: every cut through it then costs less."""
    if solid.num_tri() < PLAIN_FROM:
        return solid
    plain = solid.simplify(PLAIN_M)
    same = plain.status() == manifold3d.Error.NoError and (
        abs(float(plain.volume()) - float(solid.volume())) < tolerance.VOLUME_M3)
    return plain if same else solid


def _sampled(mesh: Mesh, found: Mended) -> Body:
    """Measure what cannot be mended."""
    dirt = _dirt(found, crossing=found.solid is not None)
    if np.ptp(mesh.vertices, axis=0).min() < tolerance.SNAP_M or not len(found.mesh):
        return _nothing(mesh, found)
    rays = samples(found.mesh, oriented=not found.turned, joint=found.solid is not None, holes=found.holes)
    volume, u95 = rays.volume_m3, rays.u95_m3
    if volume + u95 < tolerance.VOLUME_M3 or _sheet(found.mesh, volume + u95):
        return _nothing(mesh, found)
    return Body(state=SAMPLED, mesh=mesh, samples=rays, volume_m3=volume, u95_m3=u95,
                note=say("body.sampled", what=dirt, u95=u95))


def _nothing(mesh: Mesh, found: Mended) -> Body:
    """Say that a mesh encloses nothing, and why."""
    return Body(state=NONE, mesh=mesh, note=say("body.none", what=_dirt(found, crossing=False) or say("dirt.sheet")))


def _crosses(mesh: Mesh, volume: float) -> bool:
    """Whether a closed mesh winds other than once round what it holds: its signed volume is not what rays find."""
    if _convex(mesh, volume):
        return False
    rays = samples(mesh, oriented=True, joint=True, side=LOOK_RAYS)
    return abs(rays.volume_m3 - volume) > rays.u95_m3 + CROSSING_SHARE * max(volume, rays.volume_m3)


def _sheet(mesh: Mesh, volume: float) -> bool:
    """Whether a mesh is thinner than what counts as one place: a sheet with two sides, that holds nothing."""
    return volume <= area_m2(mesh) * tolerance.SNAP_M / 2.0


def _convex(mesh: Mesh, volume: float) -> bool:
    """Whether a small closed mesh is the surface of its own convex hull, once: then it cannot cross itself.

    No corner lies before a face, so every face lies on the hull and looks outward; the volume says that it does once.
    """
    if len(mesh) > CONVEX_MOST:
        return False
    normals = triangle_normals(mesh.corners)
    length = np.linalg.norm(normals, axis=1)
    if not (length > 0.0).all():
        return False
    unit = normals / length[:, None]
    before = unit @ mesh.vertices.T - (unit * mesh.vertices[mesh.triangles[:, 0]]).sum(1)[:, None]
    if float(before.max()) > tolerance.WELD_M:
        return False
    hull = manifold3d.Manifold.hull_points(mesh.vertices)
    return abs(float(hull.volume()) - volume) <= CONVEX_RATIO * volume


def _dirt(found: Mended, *, crossing: bool) -> Said:
    """Name what is wrong with a mesh."""
    return listed([
        say("dirt.open", count=found.open_edges) if found.open_edges else NOTHING,
        say("dirt.turned") if found.turned else NOTHING,
        say("dirt.crossing") if crossing else NOTHING,
    ], (", ", "、"))
