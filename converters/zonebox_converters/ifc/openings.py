"""Windows and doors cut out of polyhedra by the solid kernel of the checks, in a fraction of the thorough one's time.

The light kernel makes the product without its openings, and the openings; a difference of closed polyhedra is all that
is left. Whatever is not as plain as that the thorough kernel makes. The tests hold both against each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox_converters.ifc.light import Light

OVER_M: Final = 1e-5
"""Where an opening ends in a face of its wall, or at the next opening, it is cut deeper by so much, so that no film is
left. The thorough kernel takes faces that are as near for one, too."""

if TYPE_CHECKING:
    from zonebox.geometry.mesh import Mesh

    Hole = tuple[Mesh, NDArray[np.float64]]

Arrays = Mapping[str, NDArray[Any]]


class Openings:
    """Which products of a file have openings that are cut here."""

    def __init__(self, model: Any, light: Light) -> None:
        self._light = light
        self._of: dict[int, list[Any]] = {}
        for relation in model.by_type("IfcRelVoidsElement"):
            self._of.setdefault(relation[4].id(), []).append(relation[5])       # RelatingBuildingElement, its opening
        self._added = {relation[4].id() for relation in model.by_type("IfcRelProjectsElement")}
        self._inherited = {part.id() for relation in model.by_type("IfcRelAggregates")
                           if relation[4].id() in self._of for part in relation[5]}

    def of(self, product: Any) -> list[Any]:
        """List the openings of a product; none where not all are plain, or something else shapes it as well."""
        openings = self._of.get(product.id(), [])
        if product.id() in self._added or product.id() in self._inherited or not self._light.plain(product):
            return []
        return openings if all(opening[6] and opening.id() not in self._of and self._light.plain(opening)
                               for opening in openings) else []


def cut(body: Arrays, tools: Sequence[tuple[Arrays, NDArray[np.float64]]]) -> Arrays | None:
    """Cut openings out of a body.

    Parameters
    ----------
    body : mapping
        ``vertices``, ``triangles`` and ``colors`` of a product without its openings.
    tools : sequence of (mapping, matrix)
        The same of each opening, and the matrix (4, 4) from its coordinates into the body's.

    Returns
    -------
    mapping or None
        ``vertices``, ``triangles`` and ``colors`` of what is left; None where something is open, has several colours,
        or nothing is left.
    """
    from zonebox.errors import GeometryError
    from zonebox.geometry.mesh import merged
    from zonebox.geometry.solids import mesh_of, solid_of, without

    if (body["colors"] != body["colors"][:1]).any():
        return None
    try:
        parts = [solid_of(part) for part in _parts(body)]
        holes = [(part, matrix) for tool, matrix in tools for part in _parts(tool)]
        deeper = [solid_of(part).transform(matrix[:3]) for part, matrix in _deeper(holes, body["vertices"])]
    except GeometryError:
        return None
    left = merged([mesh_of(without(part, deeper)) for part in parts])
    if not len(left) or not holes:
        return None
    return {"vertices": left.vertices, "triangles": left.triangles,
            "colors": np.repeat(body["colors"][:1], len(left), axis=0)}


def _parts(shape: Arrays) -> list[Mesh]:
    """Take the closed parts of a shape.

    Raises
    ------
    GeometryError
        Some of it is open.
    """
    from zonebox.errors import GeometryError
    from zonebox_converters.ifc.closed import closed_parts

    found = closed_parts({**shape, "vertex_start": np.array([0, len(shape["vertices"])]),
                          "triangle_start": np.array([0, len(shape["triangles"])])})
    if found.lost_m2[0] > 0.0:
        raise GeometryError("open")
    return found.parts


def _deeper(holes: Sequence[Hole], body: NDArray[np.float64]) -> list[Hole]:
    """Move those sides of openings that lie in a face of the body, or where the next opening begins."""
    from zonebox.geometry.mesh import Mesh

    made = []
    for number, (hole, matrix) in enumerate(holes):
        back = np.asarray(np.linalg.inv(matrix), dtype=np.float64)
        faces = _moved(body, back)
        others = [_moved(other.vertices, back @ place) for k, (other, place) in enumerate(holes) if k != number]
        vertices = hole.vertices.copy()
        for axis in range(3):
            column = hole.vertices[:, axis]
            for end, far, over in ((column.min(), np.max, -OVER_M), (column.max(), np.min, OVER_M)):
                ends = [*faces[:, axis], *(far(other[:, axis]) for other in others)]
                if np.abs(np.array(ends) - end).min() <= OVER_M:
                    vertices[column == end, axis] += over
        made.append((Mesh(vertices=vertices, triangles=hole.triangles), matrix))
    return made


def _moved(points: NDArray[np.float64], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return points @ matrix[:3, :3].T + matrix[:3, 3]
