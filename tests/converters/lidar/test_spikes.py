"""Noise that was classified as ground is left out, and said; steep and stepped ground is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.interpolate import LinearNDInterpolator

from converters.lidar.clouds import CRS, FRAME, write
from zonebox_converters import lidar
from zonebox_converters.lidar.ground import thinned
from zonebox_converters.lidar.spikes import sifted

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SMALL_MB = 0.2


def hills(count: int, seed: int) -> NDArray[np.float64]:
    """Scatter points on hills with slopes up to 45°, and a wall of 3 m across."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, 120, (count, 2))
    z = 20 * np.sin(xy[:, 0] / 20) * np.cos(xy[:, 1] / 25) + np.where(xy[:, 1] > 60, 3.0, 0.0)
    return np.round(np.column_stack([85000 + xy[:, 0], 447000 + xy[:, 1], z + rng.normal(0, 0.02, count)]), 3)


@pytest.mark.parametrize("memory_mb", [2000.0, SMALL_MB])
def test_spikes_up_and_down_leave_no_trace(tmp_path: Path, memory_mb: float) -> None:
    clean = hills(12_000, 3)
    rng = np.random.default_rng(5)
    hit = rng.choice(len(clean), 40, replace=False)
    dirty = clean.copy()
    dirty[hit, 2] += rng.choice([-1.0, 1.0], 40) * rng.uniform(10, 60, 40)
    kinds = np.full(len(clean), 2)
    low, high = (clean[::500] + np.array([0, 0, dz]) for dz in (-30.0, 80.0))
    path = write(tmp_path / "a.laz", np.concatenate([dirty, low, high]),
                 np.concatenate([kinds, np.full(len(low), 7), np.full(len(high), 18)]), version="1.4")
    terrain = lidar.read([path], FRAME, crs=CRS, memory_mb=memory_mb)
    rest = FRAME.local(np.delete(clean, hit, axis=0))
    assert terrain.ground_points == len(rest)
    surface = LinearNDInterpolator(terrain.mesh.vertices[:, :2], terrain.mesh.vertices[:, 2])
    off = np.abs(terrain.height_at(rest[:, :2]) - rest[:, 2])
    assert off.max() <= 0.10 + 1e-9
    assert np.isfinite(surface(rest[:, :2])).mean() > 0.99
    assert terrain.mesh.bounds[1, 2] <= rest[:, 2].max()
    assert any(note.startswith("ground points more than 2 m off those around are left out as noise: 40,")
               for note in terrain.notes)


def test_steep_and_stepped_ground_keeps_every_point() -> None:
    points = thinned(FRAME.local(hills(30_000, 8)))
    kept, spikes = sifted(points)
    assert len(spikes) == 0
    assert kept is points


def test_many_spikes_are_found_like_few() -> None:
    """Above a number of suspects another way of looking is taken: each spike of the many is one alone too."""
    clean = thinned(FRAME.local(hills(20_000, 9)))
    hit = np.arange(50, len(clean), 250)
    dirty = clean.copy()
    dirty[hit, 2] += 25.0
    assert len(sifted(dirty)[1]) == len(hit)
    one = clean.copy()
    one[hit[7], 2] += 25.0
    assert sifted(one)[1].tolist() == [one[hit[7]].tolist()]
