"""What runs in a child process: geometry kernels, which can crash, hang or eat memory there without harm."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zonebox_converters.ifc import isolation

Send = Callable[..., None]


def main() -> None:
    """Do the one job given on standard input; answer on a private copy of standard output.

    The kernels print to standard output as they please, so that is pointed elsewhere first.
    """
    out = os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device, not a path
        os.dup2(nowhere.fileno(), 1)
    job = json.loads(sys.stdin.buffer.readline())

    def send(kind: str, arrays: Mapping[str, NDArray[Any]] | None = None, **fields: Any) -> None:
        isolation.send(out, {"kind": kind, **fields}, arrays)

    {"shapes": shapes, "careful": careful, "solid": solid}[job["task"]](job, send)
    send("end")
    out.flush()
    os._exit(0)  # destructors of the kernels have been seen to crash at exit


def shapes(job: Mapping[str, Any], send: Send) -> None:
    """Shape products through the library's iterator, which shares repeated geometry."""
    import ifcopenshell
    import ifcopenshell.geom

    model = ifcopenshell.open(job["path"])
    products = [model.by_id(number) for number in job["products"]]
    iterator = ifcopenshell.geom.iterator(geometry_settings(), model, 1, include=products)
    sent: set[str] = set()
    if iterator.initialize():
        while True:
            _answer(iterator.get(), send, sent)
            if not iterator.next():
                break


def careful(job: Mapping[str, Any], send: Send) -> None:
    """Shape products one by one, naming each before it is tried: the last one named is the one that killed us."""
    import ifcopenshell
    import ifcopenshell.geom

    model = ifcopenshell.open(job["path"])
    settings = geometry_settings()
    sent: set[str] = set()
    for number in job["products"]:
        send("trying", product=number)
        try:
            shape = ifcopenshell.geom.create_shape(settings, model.by_id(number))
        except (RuntimeError, ValueError, TypeError) as error:
            send("failed", product=number, reason=(str(error).strip().splitlines() or ["no shape"])[0][:120])
            continue
        _answer(shape, send, sent)


def solid(job: Mapping[str, Any], send: Send) -> None:
    """Unite the shapes of a file into one closed solid."""
    from zonebox_converters.ifc import union

    with np.load(job["shapes"], allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    fields, answer = union.united(arrays, sections_z=job["sections"], slabs_z=job["slabs"])
    send("solid", answer, **fields)


def geometry_settings() -> Any:
    """Metres, local coordinates with a placement matrix, openings cut, shells turned outward, no invented materials."""
    import ifcopenshell.geom

    settings = ifcopenshell.geom.settings()
    settings.set("use-world-coords", False)
    settings.set("weld-vertices", True)
    settings.set("no-normals", True)
    settings.set("reorient-shells", True)
    settings.set("apply-default-materials", False)
    return settings


def _answer(shape: Any, send: Send, sent: set[str]) -> None:
    """Send the product with its placement, and its geometry where that was not sent before."""
    geometry = shape.geometry
    key = str(geometry.id)
    if key not in sent:
        vertices = np.frombuffer(geometry.verts_buffer, dtype="<f8").reshape(-1, 3)
        triangles = np.frombuffer(geometry.faces_buffer, dtype="<i4").reshape(-1, 3)
        ids = np.frombuffer(geometry.material_ids_buffer, dtype="<i4")
        palette = np.array([*_palette(geometry.materials), (0, 0, 0, 0)], dtype=np.uint8)
        colors = palette[ids] if len(ids) == len(triangles) else np.zeros((len(triangles), 4), dtype=np.uint8)
        send("geometry", {"vertices": vertices, "triangles": triangles, "colors": colors}, key=key)
        sent.add(key)
    matrix = np.array(shape.transformation.matrix, dtype=np.float64).reshape(4, 4, order="F")
    send("product", {"matrix": matrix}, product=int(shape.id), key=key)


def _palette(materials: Any) -> Iterator[tuple[int, int, int, int]]:
    """RGBA of each material; transparency is left out (NaN) by most exporters."""
    for material in materials:
        diffuse = material.diffuse
        clear = float(material.transparency)
        alpha = 1.0 if clear != clear else 1.0 - clear  # noqa: PLR0124 - NaN
        rgb = (diffuse.r(), diffuse.g(), diffuse.b())
        if any(value != value for value in rgb):  # noqa: PLR0124
            yield (0, 0, 0, 0)
            continue
        red, green, blue = (round(255 * min(max(float(value), 0.0), 1.0)) for value in rgb)
        yield (red, green, blue, max(1, round(255 * min(max(alpha, 0.0), 1.0))))
