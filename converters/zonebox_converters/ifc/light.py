"""Products that a light kernel makes just as the thorough one does, in a fraction of its time: polyhedra as they stand.

Those are extruded polygons and bodies that are listed face by face, with nothing cut out of them. The tests hold both
kernels against each other on every file there is; what the light one leaves out the thorough one makes after all.
"""

from __future__ import annotations

from typing import Any, Final

KERNEL: Final = "cgal-simple"
"""Name of the light kernel in the library."""

THOROUGH: Final = "opencascade"
"""Name of the one that makes everything else."""

FACE_BY_FACE: Final = frozenset({"IfcFacetedBrep", "IfcFaceBasedSurfaceModel", "IfcTriangulatedFaceSet"})
BESIDE: Final = frozenset({"Axis", "Box", "FootPrint", "Profile", "CoG", "Plan", "Annotation", "WalkingLine",
                            "Boundary"})
"""Representations that are no part of the shape: lines and boxes, and what is drawn for plans."""


class Light:
    """Which products of a file are light; what many products share is looked at once."""

    def __init__(self, model: Any) -> None:
        """Look up what has something cut out of it, or put onto it."""
        self._known: dict[int, bool] = {}
        changed = [*model.by_type("IfcRelVoidsElement"), *model.by_type("IfcRelProjectsElement")]
        self._changed = {relation[4].id() for relation in changed}       # RelatingBuildingElement, RelatingElement

    def makes(self, product: Any) -> bool:
        """Whether the light kernel makes a product with a representation."""
        return product.id() not in self._changed and self.plain(product)

    def plain(self, product: Any) -> bool:
        """Whether it makes the product as it is before anything is cut out of it."""
        bodies = [r for r in product[6][2] if r[1] not in BESIDE]        # Representations, RepresentationIdentifier
        return len(bodies) == 1 and bodies[0][1] == "Body" and self._of(bodies[0])

    def _of(self, representation: Any) -> bool:
        number = representation.id()
        if number not in self._known:
            items = representation[3]
            if len(items) == 1 and items[0].is_a() == "IfcMappedItem":  # what many products repeat is known by itself
                return self._of(items[0][0][1])                         # MappingSource, MappedRepresentation
            self._known[number] = all(map(self._item, items))
        return self._known[number]

    def _item(self, item: Any) -> bool:
        kind = item.is_a()
        if kind == "IfcMappedItem":
            return self._of(item.MappingSource.MappedRepresentation)
        return kind in FACE_BY_FACE or (kind == "IfcExtrudedAreaSolid" and _straight_profile(item.SweptArea))


def _straight_profile(profile: Any) -> bool:
    kind = profile.is_a()
    if kind == "IfcRectangleProfileDef":
        return True
    if kind not in {"IfcArbitraryClosedProfileDef", "IfcArbitraryProfileDefWithVoids"}:
        return False
    return all(map(_straight, (profile.OuterCurve, *(getattr(profile, "InnerCurves", None) or ()))))


def _straight(curve: Any) -> bool:
    kind = curve.is_a()
    if kind == "IfcCompositeCurve":
        return all(segment.is_a("IfcCompositeCurveSegment") and _straight(segment.ParentCurve)
                   for segment in curve.Segments)
    if kind == "IfcIndexedPolyCurve":
        return all(segment.is_a("IfcLineIndex") for segment in curve.Segments or ())
    return bool(kind == "IfcPolyline")
