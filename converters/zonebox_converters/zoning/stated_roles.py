"""Edge roles that the parcel table states, and how many edges have each role."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zonebox.errors import InputError
from zonebox.model import Edge, EdgeRole
from zonebox_converters.zoning.edge_roles import Labels
from zonebox_converters.zoning.fields import Field, suggest


def with_stated_roles(
    labels: Labels, drawn: NDArray[Any], fields: Mapping[str, Field], texts: Mapping[str, list[str]], places: list[str]
) -> Labels:
    """Let roles that the parcel table states govern: one word for each edge, counter-clockwise."""
    if "edge_roles" not in fields:
        return labels
    field = fields["edge_roles"].name
    edges, shapes = list(labels.edges), np.array(labels.shapes, dtype=object)
    origin = dict(labels.origin)
    for row, text in enumerate(texts[field]):
        words = text.replace(",", " ").replace(";", " ").casefold().split()
        if not words:
            continue
        count = len(set(origin.pop(row))) if row in origin else len(edges[row])
        for word in words:
            if word not in set(EdgeRole):
                raise InputError(f"{places[row]}/{field}", got=f'the edge role "{word}"',
                                 want=f"one of {', '.join(EdgeRole)}", then=suggest(word, EdgeRole))
        if len(words) != count:
            raise InputError(f"{places[row]}/{field}", got=f"{len(words)} edge roles",
                             want=f"{count}, one for each edge", then="count the edges counter-clockwise")
        shapes[row] = drawn[row]
        edges[row] = tuple(Edge(index=k, role=EdgeRole(word), chain=k, reason=f"stated in {field}", confidence=1.0)
                           for k, word in enumerate(words))
    return replace(labels, edges=edges, shapes=shapes, origin=origin)


def count_roles(edges: Sequence[Sequence[Edge]]) -> str:
    """Say how many edges have each role."""
    count: Counter[EdgeRole] = Counter()
    kinds = {id(lot): lot for lot in edges}                     # lots of a kind share their edges
    for kind, times in Counter(map(id, edges)).items():
        for edge in kinds[kind]:
            count[edge.role] += times
    return ", ".join(f"{count[role]} {role}" for role in EdgeRole if count[role])
