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
    area_rule : str
        Edition of the area rules by which floor area counts, e.g. ``GB 55031-2022``; "" leaves it to the rule packs.
    on : str
        Day (YYYY-MM-DD) whose rules are wanted; without one, rules that have an end are left out and told.
    where : str
        Condition in SQL on the parcels wanted, for sources with a table.
    within : str or None
        Areas of the site (``file`` or ``file:layer``): of a larger layer, the lots whose middle lies in them.
    table, table_on : str or None, str
        Indicator table (``file`` or ``file.xlsx:sheet``) whose rows belong to the lots, and what both have: a concept,
        a heading, or ``field = heading``; the parcel number by itself.
    zones : str or None
        Layer of districts whose limits hold for the lots in them.
    edges : str or None
        Layer of lot edges that says which are front, side and rear.
    drawing_unit : str
        Unit of a drawing's coordinates, over what the drawing says.
    height_unit : str
        ``m`` or ``ft``: unit of heights and setbacks whose heading names none.
    storey_height_m : float or None
        Height of a storey, where the plan limits storeys.
    design_ground_m : float or None
        Elevation of the design ground of parcels whose table states none, metres in the scene's datum.
    code_system : str
        What the land-use codes belong to: ``mnr2023``, ``gb50137``, ``gbt21010`` or ``sd3``; "" tells by their form.
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
    area_rule: str = ""
    where: str = ""
    within: str | None = None
    table: str | None = None
    table_on: str = ""
    zones: str | None = None
    edges: str | None = None
    drawing_unit: str = ""
    height_unit: str = ""
    storey_height_m: float | None = None
    design_ground_m: float | None = None
    code_system: str = ""
