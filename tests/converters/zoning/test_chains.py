"""Chains of nearly collinear edges: what is told without walking along them agrees with walking (domain C1)."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from zonebox_converters.zoning import chains
from zonebox_converters.zoning.edge_table import edge_table


def wavy(count: int) -> np.ndarray:
    """Lots whose sides have many corners, off the line by 1 to 15 cm, some of them bulging as a whole."""
    rng = np.random.default_rng(3)
    lots = []
    for off in rng.uniform(0.01, 0.15, count):
        sides = []
        for start, end in (((0, 0), (40, 0)), ((40, 0), (40, 60)), ((40, 60), (0, 60)), ((0, 60), (0, 0))):
            t = np.sort(rng.uniform(0.0, 1.0, rng.integers(0, 9)))
            t = np.concatenate([[0.0], t[(t > 0.05) & (t < 0.95)]])
            along = np.subtract(end, start)
            aside = np.array([along[1], -along[0]]) / np.hypot(*along)
            bulge = rng.uniform(0.0, 0.3) * np.sin(np.pi * t) + off * rng.uniform(-0.5, 0.5, len(t)) * (t > 0)
            sides.append(np.array(start) + t[:, None] * along + bulge[:, None] * aside)
        lots.append(shapely.Polygon(np.roll(np.concatenate(sides), int(rng.integers(0, 9)), axis=0)))
    return np.array(lots)


def test_chains_told_to_be_straight_are_not_cut_by_walking(monkeypatch: pytest.MonkeyPatch) -> None:
    table = edge_table(wavy(400))
    walked: list[int] = []
    cut = chains._cut_bulges

    def counted(end: np.ndarray, joined: np.ndarray, in_arc: np.ndarray) -> np.ndarray:
        walked.append(len(end))
        return cut(end, joined, in_arc)

    monkeypatch.setattr(chains, "_cut_bulges", counted)
    quick, some = chains.number_chains(table), len(walked)
    monkeypatch.setattr(chains, "_straight", lambda table, chain, rows: np.zeros(int(chain.max()) + 1, dtype=bool))
    np.testing.assert_array_equal(chains.number_chains(table), quick)
    assert 0 < some < len(walked) - some
