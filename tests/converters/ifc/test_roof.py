"""Eave, ridge and parapet of bodies whose heights are known."""

from __future__ import annotations

import numpy as np
import pytest
from manifold3d import Manifold
from shapely.geometry import box

from zonebox.geometry.solids import mesh_of, prism
from zonebox_converters.ifc import roof


def gable(*, eave: float, ridge: float) -> Manifold:
    corners = [(x, y, z) for x in (0, 12) for y, z in ((0, 0), (8, 0), (8, eave), (4, ridge), (0, eave))]
    return Manifold.hull_points(np.array(corners, dtype=float))


def heights(solid: Manifold) -> dict[str, float | None]:
    return roof.heights(mesh_of(solid), box(0, 0, 12, 8))


def test_a_gable_has_an_eave_and_a_ridge() -> None:
    found = heights(gable(eave=6.0, ridge=9.0))
    assert found == {"top": pytest.approx(9.0), "eave": pytest.approx(6.0), "ridge": pytest.approx(9.0),
                     "flat": None, "parapet": None}


def test_a_chimney_and_a_sill_change_neither_eave_nor_ridge() -> None:
    sill = Manifold.hull_points(np.array([(3, -0.2, 1.0), (4, -0.2, 1.0), (3, 0, 1.1), (4, 0, 1.1), (3, 0, 0.9),
                                          (4, 0, 0.9)]))
    found = heights(gable(eave=6.0, ridge=9.0) + prism(box(2, 3, 2.6, 3.6), 6.0, 11.0) + sill)
    assert (found["eave"], found["ridge"], found["top"]) == pytest.approx((6.0, 9.0, 11.0))


def test_a_flat_roof_has_a_parapet() -> None:
    found = heights(prism(box(0, 0, 12, 8), 0.0, 10.0) + prism(box(0, 0, 12, 8) - box(0.3, 0.3, 11.7, 7.7), 9.0, 11.1))
    assert (found["flat"], found["parapet"]) == pytest.approx((10.0, 11.1))
    assert found["eave"] is None


def test_plant_in_the_middle_of_a_roof_is_no_parapet() -> None:
    found = heights(prism(box(0, 0, 12, 8), 0.0, 10.0) + prism(box(4, 3, 7, 5), 9.0, 12.0))
    assert found["parapet"] is None
    assert (found["flat"], found["top"]) == pytest.approx((10.0, 12.0))


def test_a_podium_is_not_the_roof_of_its_tower() -> None:
    found = heights(prism(box(0, 0, 12, 8), 0.0, 5.0) + prism(box(0, 0, 6, 8), 4.0, 30.0))
    assert found["flat"] == pytest.approx(30.0)
