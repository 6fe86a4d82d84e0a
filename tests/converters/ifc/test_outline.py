"""Outlines of storeys against areas by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from manifold3d import Manifold

from zonebox.geometry.solids import united
from zonebox_converters.ifc import outline


def _box(x: float, y: float, dx: float, dy: float, height: float = 3.0) -> Any:
    return Manifold.cube((dx, dy, height)).translate((x, y, 0.0))


def _room(x: float, y: float, side: float, wall: float = 0.3) -> Any:
    return _box(x, y, side, side) - _box(x + wall, y + wall, side - 2 * wall, side - 2 * wall)


@pytest.mark.parametrize("count", [1, 3, 12])
def test_rooms_count_whole_where_something_is_above_them(count: int) -> None:
    solid = united([_room(20.0 * k, 0.0, 8.0) for k in range(count)])
    roof = shapely.union_all([shapely.box(20.0 * k, 0.0, 20.0 * k + 8.0, 8.0) for k in range(count)])
    assert outline.outline_m2(solid, 1.0, roof) == pytest.approx(64.0 * count)
    walls = 64.0 - 7.4**2
    assert outline.outline_m2(solid, 1.0, shapely.Polygon()) == pytest.approx(walls * count)
    assert outline.outline_m2(solid, 4.0, roof) is None


def test_sections_become_polygons_with_their_holes_and_islands() -> None:
    ring, island = _room(0.0, 0.0, 10.0, 1.0), _box(4.0, 4.0, 2.0, 2.0)
    shape = outline.polygons(united([ring, island, _box(30.0, 0.0, 1.0, 1.0)]).slice(1.0))
    assert shape.is_valid
    assert shape.area == pytest.approx(36.0 + 4.0 + 1.0)
    assert len(shapely.get_parts(shape)) == 3
    assert outline.polygons(ring.slice(9.0)).is_empty


def test_an_overlay_that_fails_is_made_again_on_a_grid() -> None:
    """GEOS gives up on some shapes that rounding has bent; what is asked again has been made valid."""
    asked = []

    def overlay(one: Any, other: Any, grid_size: float | None = None) -> Any:
        asked.append(grid_size)
        if grid_size is None:
            raise shapely.errors.GEOSException("unable to assign free hole to a shell")
        assert shapely.is_valid(one).all()
        return shapely.difference(one, other, grid_size=grid_size)

    bow = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    left = outline._overlaid(overlay, np.array([bow]), np.array([shapely.box(1, 0, 2, 2)]))
    assert asked == [None, outline.GRID_M]
    assert shapely.area(left).tolist() == pytest.approx([1.0])
