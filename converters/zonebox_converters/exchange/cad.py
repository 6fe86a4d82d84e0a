"""Envelopes as a DXF drawing: 3D faces on one layer per control, in true eastings and northings."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.mesh import triangle_normals
from zonebox.model import Scene
from zonebox_converters.exchange.sheets import COLOR, SYSTEM, Sheet, place_text, sheets

PREFIX: Final = "ENVELOPE-"
LOT: Final = f"{PREFIX}LOT"
"""Layer of the faces that the parcel's own boundary made, and of its outline."""

APP: Final = "ZONEBOX"
"""Application name of the extended data: each face carries its parcel."""

METRES: Final = 6
FLAT: Final = 1.0 - 1e-9
"""Cosine of the angle between two triangles from which on the edge between them is drawn."""

_FORBIDDEN: Final = re.compile(r'[<>/\\":;?*|=`,]')
_COLORS: Final = (5, 30, 3, 1, 4, 6, 2, 90, 200, 40, 150, 220)


def encode(scene: Scene) -> bytes:
    """Drawing (AutoCAD 2018, UTF-8) with the envelopes as 3DFACE and the lots as polylines.

    Notes
    -----
    Edges between triangles of one plane and one control are hidden. Comments at the start and the drawing's custom
    properties state the reference of the coordinates; $INSUNITS is metres.
    """
    import ezdxf

    before = ezdxf.options.write_fixed_meta_data_for_testing
    ezdxf.options.write_fixed_meta_data_for_testing = True  # no dates, no random ids
    try:
        document = ezdxf.new("R2018", units=METRES)
        document.appids.add(APP)
        for name, value in (("WrittenBy", SYSTEM), ("Coordinates", place_text(scene, origin=False)),
                            ("Scene", scene.title)):
            document.header.custom_vars.append(name, value)
        every = sheets(scene)
        _add_layers(document, every)
        for sheet in every:
            _draw(document.modelspace(), sheet, scene)
        out = io.StringIO()
        document.write(out)
    finally:
        ezdxf.options.write_fixed_meta_data_for_testing = before
    comment = f"999\n{SYSTEM}: control envelopes of {scene.title}\n999\n{place_text(scene, origin=False)}\n"
    return (comment + out.getvalue()).encode()


def layer_of(control: str) -> str:
    """Layer of the faces that a control made, by its id without the parcel.

    Examples
    --------
    >>> layer_of("A-01/street-setback"), layer_of("")
    ('ENVELOPE-street-setback', 'ENVELOPE-LOT')
    """
    return PREFIX + _FORBIDDEN.sub("_", control.rpartition("/")[2]) if control else LOT


def _add_layers(document: Any, every: tuple[Sheet, ...]) -> None:
    names = sorted({layer_of(name) for sheet in every for name in sheet.envelope.face_names} | {LOT})
    for number, name in enumerate(names):
        layer = document.layers.add(name, color=_COLORS[number % len(_COLORS)])
        layer.transparency = 1.0 - COLOR[3] / 255.0


def _draw(space: Any, sheet: Sheet, scene: Scene) -> None:
    envelope = sheet.envelope
    tag = [(1000, sheet.parcel.id)]
    for part in getattr(envelope.shape, "geoms", [envelope.shape]):
        for ring in (part.exterior, *part.interiors):
            points = scene.frame.world(np.asarray(ring.coords)[:-1, :2])
            line = space.add_lwpolyline(points.tolist(), close=True,
                                        dxfattribs={"layer": LOT, "elevation": envelope.ground_m})
            line.set_xdata(APP, tag)
    if not len(envelope.solid):
        return
    corners = scene.frame.world(envelope.solid.corners)
    layers = [layer_of(name) for name in envelope.face_names]
    for triangle, control, hidden in zip(corners, envelope.face_control, _hidden(sheet), strict=True):
        face = space.add_3dface([*triangle.tolist(), triangle[2].tolist()],
                                dxfattribs={"layer": layers[control], "invisible_edges": int(hidden)})
        face.set_xdata(APP, tag)


def _hidden(sheet: Sheet) -> NDArray[np.int64]:
    """Bits of the edges (m,) of each triangle that lie inside a flat face of one control."""
    mesh, control = sheet.envelope.solid, sheet.envelope.face_control
    normals = triangle_normals(mesh.corners)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), np.finfo(float).tiny)
    bits = np.zeros(len(mesh), dtype=np.int64)
    owner = {edge: row for row, edges in enumerate(_edges(mesh.triangles)) for edge in edges}
    for row, edges in enumerate(_edges(mesh.triangles)):
        # the fourth corner repeats the third: third edge of the triangle is the fourth of the face
        for bit, (a, b) in zip((1, 2, 8), edges, strict=True):
            other = owner.get((b, a))
            if other is not None and control[other] == control[row] and normals[other] @ normals[row] > FLAT:
                bits[row] |= bit
        bits[row] |= 4
    return bits


def _edges(triangles: NDArray[np.int32]) -> Iterator[tuple[tuple[int, int], ...]]:
    for a, b, c in triangles.tolist():
        yield (a, b), (b, c), (c, a)
