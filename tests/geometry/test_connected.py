"""Connected parts against scipy's, on graphs of every kind."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from zonebox.geometry.connected import connected


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(
    st.just(n), st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=90))))
def test_parts_are_those_of_scipy(graph: tuple[int, list[tuple[int, int]]]) -> None:
    count, edges = graph
    first, second = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    parts, label = connected(count, first, second)
    weights = np.ones(len(first), dtype=np.int8)
    theirs, oracle = connected_components(coo_array((weights, (first, second)), shape=(count, count)), directed=False)
    assert parts == theirs
    assert len(set(zip(label.tolist(), oracle.tolist(), strict=True))) == parts == int(label.max()) + 1
    lowest = [int(np.flatnonzero(label == part)[0]) for part in range(parts)]
    assert lowest == sorted(lowest)


def test_a_long_path_in_any_order_is_one_part() -> None:
    order = np.random.default_rng(3).permutation(100_000)
    parts, label = connected(100_001, order[:-1], order[1:])
    assert parts == 2
    assert not label[:100_000].any()
