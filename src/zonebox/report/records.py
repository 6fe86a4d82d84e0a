"""Report -> `report.json`, the contract that other programs rely on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from zonebox import __version__, tolerance
from zonebox.files import write_json
from zonebox.frame import Frame
from zonebox.geometry.mesh import Mesh, area_m2, welded
from zonebox.model import Control, Finding, Pad, Report, Scene

DECIMALS: Final = 4
"""Numbers are written to a tenth of a millimetre; verdicts are taken before rounding."""

TRIANGLES_MOST: Final = 2_000
"""A larger offending piece is told by its box alone; the 3D Tiles hold it whole."""


def write_report(scene: Scene, report: Report, path: Path) -> Path:
    """Write `report.json`: the same report gives the same bytes."""
    return write_json(path, report_record(scene, report))


def report_record(scene: Scene, report: Report) -> Mapping[str, object]:
    """Return the report as plain values, findings sorted by id."""
    return {
        "zonebox": __version__,
        "scene": {"name": scene.name, "title": scene.title, "crs": scene.frame.crs,
                  "vertical": scene.frame.vertical, "vertical_name": scene.frame.vertical_label},
        "inputs": [{"name": source.name, "sha256": source.sha256} for source in scene.sources],
        "summary": {state.value: count for state, count in report.summary.items()},
        "findings": [finding_record(f, scene.frame) for f in sorted(report.findings, key=lambda f: f.id)],
        "pads": [_pad(pad) for pad in sorted(scene.pads, key=lambda pad: pad.design)],
    }


def finding_record(finding: Finding, frame: Frame) -> Mapping[str, object]:
    """Return one finding as plain values; its point in the scene's CRS as [E, N, H]."""
    where = finding.where
    point = None if where.point is None else [round(float(v), DECIMALS) for v in frame.world(where.point)]
    foot = None if where.foot is None else [round(float(v), DECIMALS) for v in frame.world(where.foot)]
    cure = finding.cure
    return {
        "id": finding.id,
        "check": finding.check,
        "state": finding.state.value,
        "parcel": finding.parcel,
        "design": finding.design,
        "control": None if finding.control is None else _control(finding.control),
        "value": _number(finding.value),
        "limit": _number(finding.limit),
        "margin": _number(finding.margin),
        "tolerance": _number(finding.tolerance),
        "uncertainty": _number(finding.uncertainty),
        "unit": finding.unit,
        "where": {"point": point, "edge": where.edge, "storey": where.storey, "limit_point": foot},
        "elements": list(finding.elements),
        "cure": None if cure is None else {
            "action": cure.action, "amount": _number(cure.amount), "unit": cure.unit,
            "direction": None if cure.direction is None else [round(v, 6) for v in cure.direction]},
        "reason": finding.reason,
        "offending": None if finding.part is None else _offending(finding.part, frame),
        "storeys": [{"storey": s.storey, "value": _number(s.value), "limit": _number(s.limit),
                     "margin": _number(s.margin)} for s in finding.storeys],
        "figures": {name: _number(value) for name, value in finding.figures},
    }


def _offending(part: Mesh, frame: Frame) -> Mapping[str, object]:
    """Return the piece of a design that breaks a control, in the scene's CRS; a large one without its mesh."""
    mesh = welded(part, tolerance.SNAP_M)
    low, high = (np.round(frame.world(corner), DECIMALS).tolist() for corner in part.bounds)
    record: dict[str, object] = {"triangles": len(mesh), "area": _number(area_m2(part)), "bounds": [low, high],
                                 "mesh": None}
    if len(mesh) <= TRIANGLES_MOST:
        record["mesh"] = {"vertices": np.round(frame.world(mesh.vertices), DECIMALS).tolist(),
                          "triangles": mesh.triangles.tolist()}
    return record


def _control(control: Control) -> Mapping[str, object]:
    authority = control.authority
    return {
        "id": control.id, "kind": control.kind.value, "severity": control.severity.value, "source": control.source,
        "authority": {"doc": authority.doc, "clause": authority.clause, "version": authority.version,
                      "status": authority.status},
    }


def _pad(pad: Pad) -> Mapping[str, object]:
    """Return the ground graded for a design: its level in the scene's heights, and the earth that is moved, m³."""
    return {"design": pad.design, "parcel": pad.parcel, "level": _number(pad.level_m),
            "area": _number(pad.area_m2), "cut": _number(pad.cut_m3), "fill": _number(pad.fill_m3),
            "excavation": _number(pad.excavation_m3)}


def _number(value: float | None) -> float | None:
    """Round for writing; −0.0 is written 0.0."""
    return None if value is None else round(float(value), DECIMALS) + 0.0
