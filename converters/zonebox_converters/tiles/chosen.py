"""Properties of building elements that a scene wants in its tiles: a column of the element table for each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from zonebox.model import Building
from zonebox_converters.tiles.metadata import STRING, Property


def columns(names: Sequence[str], taken: Iterable[str]) -> tuple[Property, ...]:
    """Declare a column for each property; its id is the name as far as the 3D Metadata Specification lets it be.

    Examples
    --------
    >>> [p.id for p in columns(["Material", "Pset_WallCommon.FireRating", "构造.厚度", "name"], ["name"])]
    ['Material', 'Pset_WallCommon_FireRating', 'property', 'name_2']
    """
    used, made = set(taken), []
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_") or "property"
        plain = f"p_{plain}" if plain[0].isdigit() else plain
        column, number = plain, 2
        while column in used:
            column, number = f"{plain}_{number}", number + 1
        used.add(column)
        made.append(Property(id=column, kind=STRING, name=name, zh=name))
    return tuple(made)


def missing(designs: Sequence[Building], names: Sequence[str]) -> tuple[str, ...]:
    """Say which of the properties no element has."""
    lacking = set(names)
    for design in designs:
        for element in design.elements:
            if not lacking:
                return ()
            lacking -= element.properties.keys()
    return tuple(f'tiles: no element of a design has the property "{name}" that [tiles] properties asks for'
                 for name in names if name in lacking)
