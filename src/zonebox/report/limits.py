"""The plane that a finding's limit makes at its worst point: what lies beyond it is what breaks the control."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.geometry.mesh import Mesh
from zonebox.geometry.soup import Soup
from zonebox.model import EdgeConstraint, Finding, Kind, Scene

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LimitPlane:
    """A plane in the frame: a point (3,) of it and the unit normal (3,) into the space that is forbidden."""

    point: Array
    forbidden: Array

    def beyond(self, mesh: Mesh) -> Mesh:
        """Cut a mesh down to what lies in the forbidden space."""
        return Soup.of(mesh).above(self.forbidden, float(self.forbidden @ self.point) + tolerance.SNAP_M).mesh()


def limit_plane(scene: Scene, finding: Finding) -> LimitPlane | None:
    """Lay the limit's plane through the place where it is broken most; None where the limit is no place (ratios).

    A ceiling is level, a setback upright, an inclined rule has the slope that it has at that height.
    """
    where, control = finding.where, finding.control
    if where.point is None or control is None:
        return None
    envelope = scene.envelope(finding.parcel)
    point = np.array(where.point)
    cap = next((c for c in envelope.caps if c.control == control.id), None) if envelope is not None else None
    if cap is not None or control.kind is Kind.HEIGHT_ABSOLUTE:
        level = cap.top_m if cap is not None else control.limit
        assert level is not None
        return LimitPlane(point=np.array([point[0], point[1], level]), forbidden=np.array([0.0, 0.0, 1.0]))
    if envelope is None or where.edge is None or finding.check == "envelope_empty":
        return None
    rule = next((r for r in envelope.edge_constraints if r.control == control.id and r.edge == where.edge), None)
    return None if rule is None else _of_edge(scene, finding, rule, point)


def shown_part(scene: Scene, finding: Finding) -> Finding:
    """Return the finding with its part cut down to what lies beyond the limit, as pictures and maps show it."""
    if finding.part is None or finding.check == "containment":
        return finding
    plane = limit_plane(scene, finding)
    beyond = None if plane is None else plane.beyond(finding.part)
    return finding if beyond is None or not len(beyond) else replace(finding, part=beyond)


def _of_edge(scene: Scene, finding: Finding, rule: EdgeConstraint, point: Array) -> LimitPlane:
    from zonebox.geometry.edgewise import edge_coordinates, edge_ground

    envelope = scene.envelope(finding.parcel)
    assert envelope is not None
    lot = envelope.boundary
    inward = lot.inward[rule.edge]
    inside = float(edge_coordinates(point[None, :2], lot, rule.edge)[1][0])
    height = float(point[2] - edge_ground(point[None, :2], lot, rule.edge, rule.ground_m)[0])
    required, higher = (float(v) for v in rule.profile.distance_at([height, height + 0.1]))
    slope = max(higher - required, 0.0) / 0.1
    slope = slope if slope < 20.0 else 0.0              # a jump between tiers is no slope
    normal = np.array([-inward[0], -inward[1], slope])
    on_limit = point + np.array([*(inward * (required - inside)), 0.0])
    return LimitPlane(point=on_limit, forbidden=normal / np.linalg.norm(normal))
