"""Rule packs: controls as data, in TOML, each with document, clause and version.

A pack is read whole before it is applied: an unknown kind or key, a missing unit or document, a value out of range is
one sentence with file, rule and line.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from zonebox.errors import InputError
from zonebox.geometry import profile as profiles
from zonebox.geometry.profile import Profile
from zonebox.model import Authority, Datum, EdgeRole, EdgeSelector, Kind, Severity
from zonebox_converters.zoning.pack_table import PackTable, PackText

STATUSES: Final = ("example", "draft", "confirmed")
MEASURES: Final = ("parapet", "highest")

_PACK_KEYS: Final = ("id", "title", "title_zh", "document", "version", "status", "units", "valid_from", "valid_to",
                     "source", "note")
_RULE_KEYS: Final = ("id", "title", "title_zh", "kind", "clause", "severity", "edges", "applies", "datum", "note")
_KIND_KEYS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.SETBACK: ("distance_m", "tiers"),
    Kind.RECESSION: ("h0_m", "angle_deg", "min_m"),
    Kind.PROPORTIONAL: ("ratio", "min_m"),
    Kind.HEIGHT: ("limit_m", "measure"),
    Kind.HEIGHT_ABSOLUTE: ("limit_m", "measure"),
    Kind.FAR: ("max",),
    Kind.COVERAGE: ("max",),
    Kind.GREEN: ("min",),
}
_LIMITS: Final[Mapping[Kind, tuple[str, str]]] = {
    Kind.HEIGHT: ("limit_m", "height"), Kind.HEIGHT_ABSOLUTE: ("limit_m", "level"), Kind.FAR: ("max", "far"),
    Kind.COVERAGE: ("max", "share"), Kind.GREEN: ("min", "share"),
}
"""Kinds with a single bound: its key and quantity. The other kinds have a profile and act on edges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a pack, before it meets parcels.

    ``where`` names file, rule and line for messages; ``land_use``, ``parcels`` and ``except_parcels`` say on which
    parcels it holds (empty: on all that may be built on).
    """

    id: str
    kind: Kind
    limit: float | None
    profile: Profile | None
    edges: EdgeSelector
    datum: Datum
    measure: str
    severity: Severity
    authority: Authority
    where: str
    source: str
    land_use: tuple[str, ...]
    parcels: tuple[str, ...]
    except_parcels: tuple[str, ...]


def read_pack(path: Path) -> tuple[Rule, ...]:
    """Read a rule pack.

    Raises
    ------
    InputError
        With file, rule and line: not TOML; unknown key, kind, role, datum; missing document, units or value; a value
        of the wrong type or out of range; a rule id that is used twice.
    """
    if not path.exists():
        raise InputError(path, got="no such file", want="a rule pack", then="check plan.rules in the scene")
    try:
        raw = path.read_text(encoding="utf-8-sig")
        data = tomllib.loads(raw)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise InputError(path.name, got=f"text that is not TOML: {problem}", want="a rule pack in TOML",
                         then="correct that line") from None
    text = PackText(path.name, raw)
    authority = _authority(data, text)
    rules: dict[str, Rule] = {}
    for number, item in enumerate(data.get("rule", [])):
        rule = _rule(item, number, authority, text)
        if rule.id in rules:
            raise InputError(rule.where, got=f'the rule id "{rule.id}" a second time', want="an id of its own")
        rules[rule.id] = rule
    if not rules:
        raise InputError(path.name, got="a pack without rules", want="at least one [[rule]]")
    return tuple(rules.values())


def _authority(data: Mapping[str, Any], text: PackText) -> Authority:
    PackTable(data, text).only(("pack", "rule"), inside=" at the top of the file")
    if not isinstance(data.get("pack"), dict):
        raise InputError(text.name, got="no [pack] table", want="[pack] with document, units and status",
                         then="nothing is enforced without the document that says so")
    pack = PackTable(data["pack"], text)
    pack.only(_PACK_KEYS)
    for key, want in (("document", "the document that makes the rules binding"), ("units", 'units = "m"')):
        if not pack.text_of(key):
            raise pack.refuse(key, got=f"no {key}", want=want, then=f"add {key} to [pack]")
    if pack.text_of("units") != "m":
        raise pack.refuse("units", got=f'units = "{pack.text_of("units")}"', want='units = "m"',
                          then="convert the pack to metres")
    return Authority(doc=pack.text_of("document"), version=pack.text_of("version"),
                     status=pack.choice("status", STATUSES, "example"), valid_from=pack.text_of("valid_from"),
                     valid_to=pack.text_of("valid_to"))


def _rule(item: Mapping[str, Any], number: int, authority: Authority, text: PackText) -> Rule:
    name = str(item.get("id", "")).strip()
    rule = PackTable(item, text, number, name or f"rule {number + 1}")
    if not name:
        raise rule.refuse("id", got="a rule without an id", want="a stable id", then='add id = "..."')
    kind = Kind(rule.choice("kind", tuple(Kind)))
    rule.only((*_RULE_KEYS, *_KIND_KEYS[kind]), inside=f" in a {kind} rule")
    applies = rule.table("applies", ("land_use", "parcels", "except_parcels"))
    return Rule(
        id=name, kind=kind,
        limit=rule.number(*_LIMITS[kind]) if kind in _LIMITS else None,
        profile=None if kind in _LIMITS else _profile(rule, kind),
        edges=_edges(rule, kind),
        datum=_datum(rule, kind),
        measure=rule.choice("measure", MEASURES, "highest" if kind is Kind.HEIGHT_ABSOLUTE else "parapet"),
        severity=Severity(rule.choice("severity", tuple(Severity), Severity.MANDATORY)),
        authority=replace(authority, clause=rule.text_of("clause")),
        where=rule.place("id"), source=f"{text.name}#{name}",
        land_use=applies.words("land_use"), parcels=applies.words("parcels"),
        except_parcels=applies.words("except_parcels"),
    )


def _profile(rule: PackTable, kind: Kind) -> Profile:
    if kind is Kind.RECESSION:
        return profiles.recession(rule.number("h0_m", "level"), rule.number("angle_deg", "angle"),
                                  rule.number("min_m", "distance", 0.0))
    if kind is Kind.PROPORTIONAL:
        return profiles.proportional(rule.number("ratio", "ratio"), rule.number("min_m", "distance", 0.0))
    if ("distance_m" in rule.values) == ("tiers" in rule.values):
        got = "both distance_m and tiers" if "tiers" in rule.values else "neither distance_m nor tiers"
        raise rule.refuse("kind", got=got, want="one of them",
                          then="distance_m for one distance, tiers for distances that grow with height")
    if "distance_m" in rule.values:
        return profiles.fixed(rule.number("distance_m", "distance"))
    tiers = [(step.number("from_m", "level"), step.number("distance_m", "distance"))
             for step in rule.tables("tiers", ("from_m", "distance_m"))]
    if len({start for start, _ in tiers}) < len(tiers):
        raise rule.refuse("tiers", got="two tiers that start at one height", want="a height of its own for each tier")
    return profiles.tiers(tuple(sorted(tiers)))


def _edges(rule: PackTable, kind: Kind) -> EdgeSelector:
    table = rule.table("edges", ("role", "index"))
    if table.values and kind in _LIMITS:
        raise rule.refuse("edges", got=f"edges on a {kind} rule",
                          want="edges only on setback, recession and proportional rules")
    roles = table.words("role")
    for role in roles:
        PackTable({"role": role}, rule.text, rule.rule, rule.name, "edges").choice("role", tuple(EdgeRole))
    indices = table.values.get("index", [])
    if not isinstance(indices, list) or not all(type(i) is int and i >= 0 for i in indices):
        raise rule.refuse("edges", got=f"index = {indices!r}", want="a list of edge numbers, from 0")
    return EdgeSelector(roles=roles, indices=tuple(indices))


def _datum(rule: PackTable, kind: Kind) -> Datum:
    if kind is not Kind.HEIGHT_ABSOLUTE:
        grounds = tuple(datum for datum in Datum if datum is not Datum.ABSOLUTE)
        return Datum(rule.choice("datum", grounds, Datum.DESIGN_GROUND))
    if rule.values.get("datum", Datum.ABSOLUTE) != Datum.ABSOLUTE:
        raise rule.refuse("datum", got=f'datum = "{rule.values["datum"]}" on a height_abs rule',
                          want="no datum: it is an elevation", then='for a height above ground write kind = "height"')
    return Datum.ABSOLUTE
