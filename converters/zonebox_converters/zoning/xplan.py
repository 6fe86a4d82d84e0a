"""What a feature of an XPlanGML plan says, in the words of a parcel table (domain E7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from zonebox_converters.zoning.applying import some

Row = dict[str, Any]

LINES: Final = {"BP_BauGrenze": "Baugrenze", "BP_BauLinie": "Baulinie",
                "BP_UeberbaubareGrundstuecksFlaeche": "überbaubare Grundstücksfläche"}
"""Feature types that say where a building may stand -> how the plan's lines call them."""

_USES: Final = {
    "1000": "Kleinsiedlungsgebiet (WS)", "1100": "Reines Wohngebiet (WR)", "1200": "Allgemeines Wohngebiet (WA)",
    "1300": "Besonderes Wohngebiet (WB)", "1400": "Dorfgebiet (MD)", "1450": "Dörfliches Wohngebiet (MDW)",
    "1500": "Mischgebiet (MI)", "1550": "Urbanes Gebiet (MU)", "1600": "Kerngebiet (MK)", "1700": "Gewerbegebiet (GE)",
    "1800": "Industriegebiet (GI)"}
_ABSOLUTE: Final = {"1000": "EPSG:7837", "1100": "EPSG:7699", "1200": "EPSG:5783"}
"""Height references that are datums: NHN (DHHN2016), NN (DHHN12), DHHN (DHHN92)."""
_RELATIVE: Final = {"2000": "average", "2500": "curb", "3500": "curb", "4000": "design_ground"}
"""Height references on the ground: surface of the ground (its mean, MBO § 2), pavement, street, finished floor."""
_REFERENCE: Final = {"1000": "NHN", "1100": "NN", "1200": "DHHN", "2000": "Geländeoberkante", "2500": "Gehweg",
                     "3000": "Bezugshöhe des Plans", "3500": "Straße", "4000": "EFH"}
_TOPS: Final = {"2000": "FH", "3000": "OK", "5000": "HBA", "6000": "GBH"}
"""Measured points that nothing of the building may rise above: ridge, top, height of the works, of the building."""
_OTHERS: Final = {"1000": "TH (eaves)", "3500": "LH (clear height)", "4000": "SH", "4500": "EFH (floor)",
                  "5500": "UK (underside)", "6500": "WH (wall)", "6600": "GOK (ground)"}


def row(kind: str, said: Row) -> Row:
    """Values of a feature under the headings that a parcel table has; what is left out under ``#left``."""
    if kind in LINES:
        return {"kind": LINES[kind], "name": LINES[kind], **_plain(said)}
    made = _plain(said)
    code = str(said.get("besondereArtDerBaulNutzung", ""))
    made["land_use_name"] = _USES.get(code, code)
    made["far"] = said.get("GFZ") or said.get("GFZmax")
    made["far_min"] = said.get("GFZmin")
    made["coverage"] = said.get("GRZ") or said.get("GRZmax")
    made["storeys"] = said.get("Z") or said.get("Zmax") or said.get("Zzwingend")
    made["#left"] = _heights(said.get("#hoehenangabe", []), made)
    return made


def notes(where: str, rows: Sequence[tuple[str, Row]]) -> list[str]:
    """Sentences about the heights that were not taken as a cap."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for number, values in rows:
        for reason in values.get("#left", ()):
            by_reason[reason].append(number)
    return [f"{where}: {reason} on {some(numbers)}" for reason, numbers in by_reason.items()]


def _plain(said: Row) -> Row:
    return {key: value for key, value in said.items() if not key.startswith("#")}


def _heights(given: Sequence[Row], made: Row) -> list[str]:
    """Put the lowest cap above a datum and the lowest above ground into a row; tell what is neither."""
    left = []
    for height in given:
        reference, point = str(height.get("hoehenbezug", "")), str(height.get("bezugspunkt", ""))
        value = height.get("hMax") or height.get("hZwingend") or height.get("h")
        top = _TOPS.get(point) or _OTHERS.get(point) or point or "an unnamed point"
        name = f"the height of {top} over {_REFERENCE.get(reference, reference or 'an unnamed reference')}"
        if "hMin" in height:
            left.append(f"{name} has a lower bound, which is not checked")
        if value is None:
            continue
        if "hZwingend" in height:
            left.append(f"{name} is mandatory; it is checked as an upper bound")
        if point not in _TOPS:
            left.append(f"{name} is no cap on the whole building and is not checked: write a rule for it")
        elif reference in _ABSOLUTE:
            _keep(made, "height_abs", value, {"height_abs_datum": _ABSOLUTE[reference]}, left, name)
        elif reference in _RELATIVE:
            _keep(made, "height", value, {"height_from": _RELATIVE[reference], "height_top": "highest"}, left, name)
        else:
            left.append(f"{name} cannot be placed, as that reference is no ground and no datum: write a rule for it")
    return left


def _keep(made: Row, concept: str, value: str, more: Row, left: list[str], name: str) -> None:
    """Keep the lower of two caps of one kind, if they count from the same place."""
    if concept in made:
        if any(made[key] != cell for key, cell in more.items()):
            left.append(f"{name} is a second cap from another reference, which is not checked: write a rule for it")
            return
        value = min(value, made[concept], key=float)
    made |= {concept: value, **more}
