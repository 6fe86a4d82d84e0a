"""Rule packs: controls as data, in TOML, each with document, clause and version.

A pack is read whole before it is applied: an unknown kind or key, a missing unit or document, a value out of range is
one sentence with file, rule and line.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from zonebox.errors import InputError
from zonebox.model import AreaRule, Authority, EdgeSelector, Kind, Severity
from zonebox_converters.zoning.area_rules import KEYS as AREA_RULE_KEYS
from zonebox_converters.zoning.area_rules import read_area_rule
from zonebox_converters.zoning.kinds import KEYS, Terms, kind_of, read_terms
from zonebox_converters.zoning.limits import read_edges
from zonebox_converters.zoning.pack_table import UNITS, PackTable, PackText
from zonebox_converters.zoning.shipped import pack_path

STATUSES: Final = ("example", "draft", "confirmed")
LEVELS: Final = ("zone", "overlay", "parcel")
"""Whose rule it is, from the general to the particular."""
MODES: Final = ("add", "replace", "min", "max")
"""What a rule does to the rules of its kind on lower levels; ``add``: both hold, the stricter governs."""

_PACK_KEYS: Final = ("id", "title", "title_zh", "document", "version", "status", "units", "valid_from", "valid_to",
                     "source", "note")
_RULE_KEYS: Final = ("id", "title", "title_zh", "kind", "clause", "severity", "applies", "note", "source", "valid_from",
                     "valid_to", "level", "mode", "overrides")


@dataclass(frozen=True, slots=True, kw_only=True)
class Applies:
    """On which parcels a rule holds; empty: on all that may be built on.

    ``zone`` names typed zones of the plan, by type or name: the rule holds on the part of a parcel inside them.
    """

    land_use: tuple[str, ...] = ()
    parcels: tuple[str, ...] = ()
    except_parcels: tuple[str, ...] = ()
    zone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a pack, before it meets parcels.

    ``where`` names file, rule and line for messages; ``no_stem`` leaves out the edges along a flag lot's stem;
    ``overrides`` names rules, of this pack or another, that it replaces wherever it holds.
    """

    id: str
    kind: Kind
    terms: Terms
    edges: EdgeSelector
    no_stem: bool
    severity: Severity
    authority: Authority
    where: str
    source: str
    applies: Applies
    level: int
    mode: str
    overrides: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Rules as read, sentences about them, and the ids of rules that are not in force.

    ``area_rule`` says how floor area counts, for every floor area ratio that does not say so itself.
    """

    rules: tuple[Rule, ...]
    notes: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    area_rule: AreaRule | None = None


def read_packs(paths: Iterable[Path], *, on: str = "") -> Pack:
    """Read rule packs and keep the rules in force.

    Parameters
    ----------
    paths : iterable of Path
        Files, and names of shipped packs as ``pack:name``.
    on : str
        Day (YYYY-MM-DD) whose rules are wanted. Without one the rules that have no end are taken.

    Raises
    ------
    InputError
        As `read_pack`; ``on`` is no date.
    """
    day = _day(on, "plan.on") if on else None
    rules: list[Rule] = []
    notes: list[str] = []
    ended: list[str] = []
    area_rule: AreaRule | None = None
    for path in paths:
        pack = read_pack(pack_path(path))
        if area_rule is not None and pack.area_rule not in {None, area_rule}:
            raise InputError(path, got=f"an [area_rule], {pack.area_rule}, after {area_rule} of another pack",
                             want="one area rule for the plan", then="take it out of one pack")
        area_rule = pack.area_rule or area_rule
        notes += pack.notes
        for rule in pack.rules:
            why = _not_in_force(rule.authority, day)
            if why:
                notes.append(f"{rule.where}: not applied, {why}")
                ended.append(rule.id)
            else:
                rules.append(rule)
    return Pack(rules=tuple(rules), notes=tuple(notes), ended=tuple(ended), area_rule=area_rule)


def read_pack(path: Path) -> Pack:
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
    area_rule = _area_rule(data, text, authority)
    if not rules and not data.get("parameters") and area_rule is None:
        raise InputError(path.name, got="a pack without rules", want="at least one [[rule]]")
    notes = [f"{path.name}: lengths in feet, taken as 0.3048 m"] if text.units == "ft" else []
    notes += [] if rules or area_rule else [f"{path.name}: holds parameters only, and no rule by itself"]
    return Pack(rules=tuple(rules.values()), notes=tuple(notes), area_rule=area_rule)


def _area_rule(data: Mapping[str, Any], text: PackText, authority: Authority) -> AreaRule | None:
    """Read the pack's table on floor area."""
    values = data.get("area_rule")
    if values is None:
        return None
    table = PackTable(values if isinstance(values, dict) else {"area_rule": values}, text, name="area_rule")
    table.only(("clause", "note", "source", *AREA_RULE_KEYS), inside=" in [area_rule]")
    return read_area_rule(table, source=" ".join(filter(None, (authority.doc, table.text_of("clause")))))


def _authority(data: Mapping[str, Any], text: PackText) -> Authority:
    PackTable(data, text).only(("pack", "rule", "parameters", "area_rule"), inside=" at the top of the file")
    if not isinstance(data.get("pack"), dict):
        raise InputError(text.name, got="no [pack] table", want="[pack] with document, units and status",
                         then="nothing is enforced without the document that says so")
    pack = PackTable(data["pack"], text)
    pack.only(_PACK_KEYS)
    for key, want in (("document", "the document that makes the rules binding"), ("units", 'units = "m"')):
        if not pack.text_of(key):
            raise pack.refuse(key, got=f"no {key}", want=want, then=f"add {key} to [pack]")
    if pack.text_of("units") not in UNITS:
        raise pack.refuse("units", got=f'units = "{pack.text_of("units")}"', want='units = "m" or "ft"',
                          then="convert the pack to metres")
    text.units = pack.text_of("units")
    return Authority(doc=pack.text_of("document"), version=pack.text_of("version"),
                     status=pack.choice("status", STATUSES, "example"), **_validity(pack))


def _validity(table: PackTable) -> dict[str, str]:
    """Read the days from and to which rules hold."""
    days = {key: table.text_of(key) for key in ("valid_from", "valid_to") if table.text_of(key)}
    for key, text in days.items():
        _day(text, table.place(key), key)
    return days


def _rule(item: Mapping[str, Any], number: int, authority: Authority, text: PackText) -> Rule:
    name = str(item.get("id", "")).strip()
    rule = PackTable(item, text, number, name or f"rule {number + 1}")
    if not name:
        raise rule.refuse("id", got="a rule without an id", want="a stable id", then='add id = "..."')
    word = rule.choice("kind", tuple(KEYS))
    kind = kind_of(word)
    if "edges" in rule.values and "edges" not in KEYS[word]:
        raise rule.refuse("edges", got=f"edges on a {word} rule", want="edges only on rules that measure from edges")
    rule.only((*_RULE_KEYS, *KEYS[word]), inside=f" in a {word} rule")
    applies = rule.table("applies", ("land_use", "parcels", "except_parcels", "zone"))
    edges = rule.table("edges", ("role", "index", "sector_deg", "stem"))
    document = " ".join(filter(None, (authority.doc, rule.text_of("clause"))))
    terms = read_terms(rule, word, document=document)
    zone = applies.words("zone")
    if zone and terms.zone:
        raise rule.refuse("zone", got="zone and applies.zone", want="one of them")
    level, mode = rule.choice("level", LEVELS, "zone"), rule.choice("mode", MODES, "add")
    if mode != "add" and level == LEVELS[0]:
        raise rule.refuse("mode", got=f'mode = "{mode}" on the lowest level', want='level = "overlay" or "parcel"',
                          then="a mode acts on the rules of lower levels")
    return Rule(
        id=name, kind=kind, terms=terms, edges=read_edges(edges), no_stem=edges.values.get("stem") is False,
        severity=Severity(rule.choice("severity", tuple(Severity), Severity.MANDATORY)),
        authority=replace(authority, clause=rule.text_of("clause"), **_validity(rule)),
        where=rule.place("id"), source=f"{text.name}#{name}",
        applies=Applies(land_use=applies.words("land_use"), parcels=applies.words("parcels"),
                        except_parcels=applies.words("except_parcels"), zone=zone or terms.zone),
        level=LEVELS.index(level), mode=mode, overrides=rule.words("overrides"),
    )


def _not_in_force(authority: Authority, day: date | None) -> str:
    """Say why a rule does not hold on a day; "" where it does."""
    start, end = authority.valid_from, authority.valid_to
    if day is None:
        return f"it holds to {end}; state plan.on to take the rules of a day" if end else ""
    if start and day < date.fromisoformat(start):
        return f"it holds from {start}, after {day}"
    return f"it held to {end}" if end and day >= date.fromisoformat(end) else ""


def _day(text: str, where: str, key: str = "on") -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(where, got=f'{key} = "{text}"', want="a day, YYYY-MM-DD") from None


def ids_of(rules: Sequence[Rule]) -> dict[str, Rule]:
    """Rules by id; one id must not stand in two packs."""
    by_id: dict[str, Rule] = {}
    for rule in rules:
        if rule.id in by_id:
            raise InputError(rule.where, got=f'the rule id "{rule.id}" of {by_id[rule.id].where} again',
                             want="an id of its own")
        by_id[rule.id] = rule
    return by_id
