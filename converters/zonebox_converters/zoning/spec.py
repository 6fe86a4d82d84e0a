"""What a plan is read from, and what the user says about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from zonebox.model import Authority


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSpec:
    """The sources of a plan and what is known about them beforehand.

    Parameters
    ----------
    parcels : str
        Vector source of the parcel table: ``file`` or ``file:layer``.
    rules : tuple of Path
        Rule packs (TOML); ``pack:name`` for one that comes with zonebox.
    roads : str or None
        Road areas, or centrelines; makes edge roles automatic.
    lines : str or None
        Typed control lines and zones.
    fields : mapping
        Concept -> field of the parcel table, where recognition needs help.
    authority : Authority or None
        The document that makes the indicators of the parcel table binding.
    crs : str or None
        CRS of the parcels, over what their file says; of roads and lines, only where their files are silent.
    decimal : str
        Decimal mark of numbers written as text: ``.`` or ``,``.
    on : str
        Day (YYYY-MM-DD) whose rules are wanted; without one, rules that have an end are left out and told.
    """

    parcels: str
    rules: tuple[Path, ...] = ()
    roads: str | None = None
    lines: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    authority: Authority | None = None
    crs: str | None = None
    decimal: str = "."
    on: str = ""
