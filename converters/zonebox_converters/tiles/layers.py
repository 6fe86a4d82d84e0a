"""A scene and its report as layers of features: triangles with identity, colour and properties."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.mesh import Mesh, merged
from zonebox.model import Building, Control, ControlEnvelope, Finding, Kind, Parcel, Report, Scene, State, Terrain
from zonebox_converters.tiles import chosen
from zonebox_converters.tiles.look import Look
from zonebox_converters.tiles.metadata import FLOAT64, STRING, UINT32, VERDICT, Property, Schema, Table, table

ORDER: Final = ("terrain", "context", "design", "envelopes", "findings", "pointcloud")
"""Folders of a tileset, in the order they are written."""

TERRAIN_COLOR: Final = (151, 163, 139, 255)
CONTEXT_COLOR: Final = (214, 208, 198, 255)
ENVELOPE_COLOR: Final = (64, 132, 214, 72)
ENVELOPE_BROKEN_COLOR: Final = (240, 160, 40, 84)
FINDING_COLOR: Final = {State.FAIL: (214, 39, 40, 255), State.MARGINAL: (240, 150, 30, 255),
                        State.PASS: (70, 150, 80, 255), State.NOT_CHECKED: (140, 120, 160, 255)}

_WORST_FIRST: Final = (State.FAIL, State.MARGINAL, State.NOT_CHECKED, State.PASS)
_LIMIT_SIGN: Final = {Kind.GREEN: "≥"}
_LIMIT_UNIT: Final = {Kind.HEIGHT: " m", Kind.HEIGHT_ABSOLUTE: " m"}
_STOREY_KEYS: Final = ("storeysAboveGround", "storeys", "floors", "层数", "CS")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """Features of one kind.

    Parameters
    ----------
    name : str
        Folder.
    mesh : Mesh
        All triangles, in the frame.
    feature : (m,) int64
        Row of ``table`` for each triangle.
    color : (m, 4) uint8
        sRGB and opacity of each triangle.
    table : Table
        Properties, one row per feature.
    """

    name: str
    mesh: Mesh
    feature: NDArray[np.int64]
    color: NDArray[np.uint8]
    table: Table
    look: Look


def layers(scene: Scene, report: Report, properties: Sequence[str] = ()) -> Iterator[Layer]:
    """Make the layers of a scene that have something to show one after the other, in the order of `ORDER`.

    ``properties`` are those of design elements that become columns, see `zonebox.model.Element.properties`.
    """
    makers: tuple[Callable[[], Layer | None], ...] = (
        lambda: _terrain(scene.surface),
        lambda: _context(scene.context),
        lambda: _design(scene.designs, report, properties),
        lambda: _envelopes(scene, report),
        lambda: _findings(report.findings),
    )
    for make in makers:
        layer = make()
        if layer is not None and len(layer.mesh):
            yield layer
        del layer       # a city is not to be held while the next layer is made


def triangle_count(scene: Scene, report: Report) -> int:
    """Count the triangles of all layers without making them."""
    meshes = [*(b.mesh for b in (*scene.context, *scene.designs)), *(e.solid for e in scene.envelopes)]
    parts = [finding.part for finding in report.findings if finding.part is not None]
    return sum(map(len, (*meshes, *parts))) + (len(scene.surface.mesh) if scene.surface else 0)


def worst(states: Iterable[State]) -> State | None:
    """Return the gravest of some states; None of none.

    >>> worst([State.PASS, State.NOT_CHECKED]).value, worst([])
    ('NOT_CHECKED', None)
    """
    found = states if isinstance(states, frozenset | set) else set(states)
    if not found:
        return None
    return next((state for state in _WORST_FIRST if state in found), None)


_TERRAIN_SCHEMA: Final = Schema(id="terrain", name="Terrain", zh="地形（不规则三角网）", properties=(
    Property(id="source", kind=STRING, name="Source files", zh="数据来源"),
    Property(id="maxError_m", kind=FLOAT64, name="Largest vertical error", zh="最大高程误差", unit="m"),
    Property(id="rmsError_m", kind=FLOAT64, name="RMS vertical error", zh="高程中误差", unit="m"),
    Property(id="groundPoints", kind=UINT32, name="Ground points", zh="地面点数"),
))


def _terrain(terrain: Terrain | None) -> Layer | None:
    if terrain is None:
        return None
    row = (terrain.source, terrain.max_error_m, terrain.rms_error_m, terrain.ground_points)
    return _layer("terrain", [terrain.mesh], [TERRAIN_COLOR], table(_TERRAIN_SCHEMA, [row]),
                  Look(smooth=True, double_sided=False))


_CONTEXT_SCHEMA: Final = Schema(id="building", name="Existing building", zh="现状建筑", properties=(
    Property(id="id", kind=STRING, name="Identifier", zh="建筑编号", semantic="ID"),
    Property(id="name", kind=STRING, name="Name", zh="名称", semantic="NAME"),
    Property(id="height_m", kind=FLOAT64, name="Height, lowest to highest point", zh="建筑高度（最低点至最高点）",
             unit="m"),
    Property(id="top_m", kind=FLOAT64, name="Elevation of the top", zh="顶部高程（场景高程基准）", unit="m"),
    Property(id="storeys", kind=FLOAT64, name="Storeys", zh="层数"),
    Property(id="attributes", kind=STRING, name="Other attributes", zh="其他属性（键=值）"),
    Property(id="source", kind=STRING, name="Source file", zh="数据来源"),
))


def _context(buildings: Sequence[Building]) -> Layer | None:
    shown = [b for b in buildings if len(b.mesh)]
    if not shown:
        return None
    meshes = [b.mesh for b in shown]
    mesh = _side_by_side(meshes)
    elevation = np.ascontiguousarray(mesh.vertices[:, 2])
    starts = _starts([len(m.vertices) for m in meshes])
    rows = []
    for building, low, high in zip(shown, np.minimum.reduceat(elevation, starts).tolist(),
                                   np.maximum.reduceat(elevation, starts).tolist(), strict=True):
        others = "; ".join([f"{key}={value}" for key, value in sorted(building.attributes.items())])
        rows.append((building.id, building.name, high - low, high, _storeys(building), others, building.source))
    columns = table(_CONTEXT_SCHEMA, rows)
    del rows, elevation, starts     # of a city, as much as its meshes
    return _layer("context", meshes, [CONTEXT_COLOR] * len(shown), columns, Look(outline=True), mesh)


def _storeys(building: Building) -> float | None:
    if building.storeys:
        return float(len(building.storeys))
    said = building.attributes
    for key in _STOREY_KEYS:
        if key in said:
            try:
                return float(said[key])
            except ValueError:
                continue
    return None


_DESIGN_SCHEMA: Final = Schema(id="element", name="Building element", zh="设计建筑构件", properties=(
    Property(id="globalId", kind=STRING, name="IFC GlobalId", zh="IFC 全局唯一标识", semantic="ID"),
    Property(id="ifcClass", kind=STRING, name="IFC class", zh="IFC 类别"),
    Property(id="name", kind=STRING, name="Name", zh="名称", semantic="NAME"),
    Property(id="storey", kind=STRING, name="Storey", zh="楼层"),
    Property(id="design", kind=STRING, name="Design", zh="设计方案编号"),
    Property(id="variant", kind=STRING, name="Variant", zh="比选方案"),
    Property(id="parcel", kind=STRING, name="Parcel", zh="地块编号"),
    Property(id="verdict", kind=VERDICT, name="Worst verdict that names the element", zh="涉及该构件的最严重检查结论"),
))


def _design(designs: Sequence[Building], report: Report, properties: Sequence[str]) -> Layer | None:
    states: defaultdict[tuple[str, str], set[State]] = defaultdict(set)
    for finding in report.findings:
        for element in finding.elements:
            states[finding.design, element].add(finding.state)
    shown = [b for b in designs if len(b.mesh)]
    rows: list[tuple[Any, ...]] = []
    features = []
    for building in shown:
        names = building.storey_names
        features.append(building.triangle_element.astype(np.int64) + len(rows))
        rows += [(e.id, e.ifc_class, e.name, names.get(e.storey, e.storey), building.id, building.variant,
                  building.parcel, worst(states.get((building.id, e.id), ())),
                  *(e.properties.get(name, "") for name in properties)) for e in building.elements]
    if not shown:
        return None
    schema = replace(_DESIGN_SCHEMA, properties=(
        *_DESIGN_SCHEMA.properties, *chosen.columns(properties, [p.id for p in _DESIGN_SCHEMA.properties])))
    return Layer(name="design", mesh=merged([b.mesh for b in shown]), feature=np.concatenate(features),
                 color=np.concatenate([b.triangle_color for b in shown]), table=table(schema, rows),
                 look=Look(outline=True))


_ENVELOPE_SCHEMA: Final = Schema(id="envelope", name="Control envelope", zh="控规盒子", properties=(
    Property(id="parcel", kind=STRING, name="Parcel", zh="地块编号", semantic="ID"),
    Property(id="landUse", kind=STRING, name="Land use", zh="用地性质"),
    Property(id="volume_m3", kind=FLOAT64, name="Volume above ground reference", zh="地面基准以上体积", unit="m³"),
    Property(id="footprint_m2", kind=FLOAT64, name="Area at ground reference", zh="地面基准处面积", unit="m²"),
    Property(id="top_m", kind=FLOAT64, name="Elevation of the top", zh="顶部高程（场景高程基准）", unit="m"),
    Property(id="ground_m", kind=FLOAT64, name="Elevation of the ground reference", zh="地面基准高程", unit="m"),
    Property(id="controls", kind=STRING, name="Controls", zh="控制指标及依据"),
    Property(id="margins", kind=STRING, name="Checks, the worst first, with margins above 0 where room is left",
             zh="各项检查结论及余量（最严重者在前，大于 0 为有余）"),
    Property(id="verdict", kind=VERDICT, name="Worst verdict on the parcel", zh="地块最严重检查结论"),
))


def _envelopes(scene: Scene, report: Report) -> Layer | None:
    parcels = {parcel.id: parcel for parcel in scene.plan.parcels}
    controls: defaultdict[str, list[str]] = defaultdict(list)
    for control in scene.plan.controls:
        controls[control.parcel].append(control_text(control))
    found: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        found[finding.parcel].append(finding)
    shown = [e for e in scene.envelopes if len(e.solid)]
    verdicts = [worst({f.state for f in found.get(e.parcel, ())}) for e in shown]
    rows = [_envelope_row(e, parcels.get(e.parcel), "; ".join(controls.get(e.parcel, ())),
                          margins_text(found.get(e.parcel, ())), v)
            for e, v in zip(shown, verdicts, strict=True)]
    broken = (State.FAIL, State.MARGINAL)
    colors = [ENVELOPE_BROKEN_COLOR if v in broken else ENVELOPE_COLOR for v in verdicts]
    columns = table(_ENVELOPE_SCHEMA, rows)
    del rows
    return _layer("envelopes", [e.solid for e in shown], colors, columns, Look(lines=True))


def _envelope_row(
    envelope: ControlEnvelope, parcel: Parcel | None, controls: str, margins: str, verdict: State | None
) -> tuple[Any, ...]:
    use = "" if parcel is None else " ".join(filter(None, (parcel.land_use, parcel.land_use_name)))
    return (envelope.parcel, use, envelope.volume_m3, envelope.footprint_m2, envelope.top_m, envelope.ground_m,
            controls, margins, verdict)


_FINDING_SCHEMA: Final = Schema(id="finding", name="Finding", zh="检查结果", properties=(
    Property(id="id", kind=STRING, name="Finding", zh="检查结果编号", semantic="ID"),
    Property(id="check", kind=STRING, name="Check", zh="检查项"),
    Property(id="state", kind=VERDICT, name="Verdict", zh="检查结论"),
    Property(id="parcel", kind=STRING, name="Parcel", zh="地块编号"),
    Property(id="design", kind=STRING, name="Design", zh="设计方案编号"),
    Property(id="control", kind=STRING, name="Control", zh="控制指标编号"),
    Property(id="doc", kind=STRING, name="Document", zh="依据文件"),
    Property(id="clause", kind=STRING, name="Clause", zh="条款"),
    Property(id="value", kind=FLOAT64, name="Measured value", zh="实测值（单位见 unit）"),
    Property(id="limit", kind=FLOAT64, name="Limit", zh="限值（单位见 unit）"),
    Property(id="margin", kind=FLOAT64, name="Margin, above 0 where room is left",
             zh="余量（大于 0 为有余，单位见 unit）"),
    Property(id="unit", kind=STRING, name="Unit of value, limit and margin", zh="实测值、限值、余量的单位"),
    Property(id="cure", kind=STRING, name="Least change that cures it", zh="最小修改建议"),
    Property(id="elements", kind=STRING, name="IFC GlobalIds concerned", zh="涉及构件的 IFC 全局唯一标识"),
))


def _findings(findings: Sequence[Finding]) -> Layer | None:
    shown = [(f, f.part) for f in findings if f.part is not None and len(f.part)]
    rows = [_finding_row(f) for f, _ in shown]
    return _layer("findings", [part for _, part in shown], [FINDING_COLOR[f.state] for f, _ in shown],
                  table(_FINDING_SCHEMA, rows), Look(lines=True, lift_m=0.02))


def _finding_row(finding: Finding) -> tuple[Any, ...]:
    control, cure = finding.control, finding.cure
    doc, clause = (control.authority.doc, control.authority.clause) if control else ("", "")
    return (finding.id, finding.check, finding.state, finding.parcel, finding.design, control.id if control else "",
            doc, clause, finding.value, finding.limit, finding.margin, finding.unit,
            f"{cure.action} {cure.amount:.4g} {cure.unit}" if cure else "", " ".join(finding.elements))


def _side_by_side(meshes: Sequence[Mesh]) -> Mesh:
    """Put many small meshes into one, in order, without a loop over them."""
    vertices, triangles = [m.vertices for m in meshes], [m.triangles for m in meshes]
    shift = np.repeat(_starts(list(map(len, vertices))).astype(np.int32), list(map(len, triangles)))
    joined = np.concatenate(triangles)
    joined += shift[:, None]
    return Mesh(vertices=np.concatenate(vertices), triangles=joined)


def _starts(counts: Sequence[int]) -> NDArray[np.int64]:
    """Where each of some runs begins that follow one another."""
    ends = np.cumsum(np.array(counts, dtype=np.int64))
    return np.asarray(ends - counts)


def control_text(control: Control) -> str:
    """Say a control in a few words: kind, limit or distance over height, edges, document and clause."""
    said: list[str] = [control.kind.value]
    if control.limit is not None:
        said.append(f"{_LIMIT_SIGN.get(control.kind, '≤')} {control.limit:g}{_LIMIT_UNIT.get(control.kind, '')}")
    if control.profile is not None:
        steps = [f"{distance:g} m" if height <= 0 else f"{distance:g} m from {height:g} m"
                 for height, distance in control.profile.points]
        slope = [f"+{control.profile.slope:g} m per m"] if control.profile.slope else []
        said.append("≥ " + ", ".join([*steps, *slope]))
    if control.edges.roles:
        said.append(f"({', '.join(control.edges.roles)})")
    authority = " ".join(filter(None, (control.authority.doc, control.authority.clause)))
    return " ".join(said) + (f" [{authority}]" if authority else "")


def margins_text(findings: Sequence[Finding]) -> str:
    """Say the checks of a parcel that have a margin, the worst first: of each check and design its worst finding."""
    known = sorted(((_WORST_FIRST.index(f.state), f.margin, f.id, f) for f in findings if f.margin is not None),
                   key=lambda row: row[:3])
    told: dict[tuple[str, str], str] = {}
    for _, margin, _, f in known:
        design = f" ({f.design})" if f.design else ""
        told.setdefault((f.check, f.design), f"{f.check}{design} {f.state.value} {margin:+.4g} {f.unit}".rstrip())
    return "; ".join(told.values())


def _layer(
    name: str, meshes: Sequence[Mesh], colors: Sequence[tuple[int, ...]], rows: Table, look: Look,
    joined: Mesh | None = None,
) -> Layer | None:
    """Make a layer in which every mesh is one feature of one colour; ``joined`` are the meshes side by side."""
    if not meshes:
        return None
    feature = np.repeat(np.arange(len(meshes), dtype=np.int64), [len(m.triangles) for m in meshes])
    return Layer(name=name, mesh=_side_by_side(meshes) if joined is None else joined, feature=feature,
                 color=np.array(colors, dtype=np.uint8).reshape(-1, 4).take(feature, axis=0), table=rows, look=look)
