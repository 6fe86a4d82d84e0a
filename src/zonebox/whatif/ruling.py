"""Write the changed controls of a trial as a rule pack: each rule overrides, on its one parcel, what it changes.

A changed rule is copied from the pack it came from, with everything it says about edges, zones and datum, in metres;
an indicator of the parcel table becomes a rule of its kind.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import tomlkit
from tomlkit.items import Table

from zonebox.errors import InputError
from zonebox.model import Control, Kind
from zonebox.scenefile import SceneFile
from zonebox.whatif.changes import distance_of
from zonebox.whatif.trial import Trial

_BOUND: Final[Mapping[Kind, str]] = {
    Kind.HEIGHT: "limit_m", Kind.HEIGHT_ABSOLUTE: "limit_m", Kind.HEIGHT_MIN: "limit_m", Kind.STOREYS: "limit",
    Kind.FAR: "max", Kind.COVERAGE: "max", Kind.GREEN: "min",
}
"""Kind -> the key of its bound in a rule."""

_DROPPED: Final = ("id", "mode", "level", "overrides", "applies")
FOOT_M: Final = 0.3048
DIGITS: Final = 9


def rule_pack(trial: Trial, spec: SceneFile) -> str:
    """Write the changed controls of a trial as a rule pack.

    Raises
    ------
    InputError
        Nothing was changed, or a control that came from a rule holds on part of its parcel only: the pack it came from
        has to be changed by hand.
    """
    controls = trial.scene.plan.controls
    changed = [c for c in controls if ("control", c.id) in trial.changes]
    if not changed:
        raise InputError(spec.name, got="no changed control", want="at least one", then="change a limit or a setback")
    origins = _origins(spec)
    divided = {c.id.partition("@")[0] for c in controls if "@" in c.id}
    text = tomlkit.document()
    text.add(tomlkit.comment(f'What was tried on the scene "{" ".join(spec.title.split())}". Each rule replaces the '
                             "one it overrides on its parcel."))
    head = tomlkit.table()
    head.update({"id": f"what-if.{_slug(spec.name)}", "document": f"{spec.title}, what-if",
                 "status": "draft", "units": "m"})
    text["pack"] = head
    rules = tomlkit.aot()
    names: set[str] = {rule_id for _, rule_id in origins}
    for control in changed:
        if control.id in divided and control.zone is not None:
            raise _piece(control)
        row = _rule(control, origins)
        row["id"] = _free(str(row["id"]), names)
        names.add(str(row["id"]))
        rules.append(row)
    text["rule"] = rules
    return tomlkit.dumps(text)


def _origins(spec: SceneFile) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Rules of the scene's packs in metres, by file name and id: two files may share a name, two rules no id."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for path in spec.plan.rules:
        pack = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        feet = pack["pack"].get("units") == "ft"
        for rule in pack.get("rule", []):
            found[path.name, str(rule.get("id", "")).strip()] = _metres(rule) if feet else rule
    return found


def _metres(said: Any) -> Any:
    """Turn what a pack in feet says into metres.

    >>> _metres({"kind": "setback", "tiers": [{"from_ft": 0, "distance_ft": 10}]})
    {'kind': 'setback', 'tiers': [{'from_m': 0.0, 'distance_m': 3.048}]}
    """
    if isinstance(said, Mapping):
        lengths = {f"{key[:-3]}_m": _scaled(value) for key, value in said.items() if key.endswith("_ft")}
        return {**{key: _metres(value) for key, value in said.items() if not key.endswith("_ft")}, **lengths}
    return [_metres(one) for one in said] if isinstance(said, list) else said


def _scaled(value: Any) -> Any:
    return [_scaled(one) for one in value] if isinstance(value, list) else round(float(value) * FOOT_M, 9)


def _free(name: str, taken: Iterable[str]) -> str:
    """Find an id like the one asked for that no rule has."""
    number, found = 2, name
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found


def _piece(control: Control) -> InputError:
    return InputError(control.source or control.id, got=f"{control.id}, a piece of a rule that another one divides",
                      want="a rule that holds as it is written", then="change the rule in its pack")


def _rule(control: Control, origins: Mapping[tuple[str, str], Mapping[str, Any]]) -> Table:
    name = control.id.removeprefix(f"{control.parcel}/")
    file, _, rule_id = control.source.partition("#")
    origin = origins.get((file, rule_id))
    if re.search("[@#]", name) and name != rule_id:
        raise _piece(control)
    row = tomlkit.table()
    row["id"] = f"{_slug(control.parcel)}-{_slug(name)}-what-if"
    if origin is None:
        row.update(_indicator(control))
    else:
        row.update({key: value for key, value in origin.items() if key not in _DROPPED})
        row.update(_number(control, origin))
        _keep_edges(row, control.edges.indices)
    applies = tomlkit.inline_table()
    applies["parcels"] = [control.parcel]
    if origin is not None and "zone" in origin.get("applies", {}):
        applies["zone"] = origin["applies"]["zone"]
    row["applies"] = applies
    row["level"] = "parcel"            # it acts last: what the rule it overrides has replaced stays replaced
    row["overrides"] = [name]
    return row


def _keep_edges(row: Table, indices: Sequence[int]) -> None:
    """Name the edges on which a rule holds where another rule has taken some of them."""
    if indices and "from_line" not in row:
        edges = tomlkit.inline_table()
        edges["index"] = list(indices)
        row["edges"] = edges


def _indicator(control: Control) -> dict[str, Any]:
    """Say a number of the parcel table as a rule."""
    if control.kind is Kind.SETBACK:
        raise InputError(control.source or control.id, got=f"{control.id}, whose rule is in no pack of the scene",
                         want="a rule of a pack", then="write the setback as a rule first")
    said: dict[str, Any] = {"kind": control.kind.value, "clause": control.authority.clause,
                            "severity": control.severity.value, **_number(control, {})}
    if control.storey_height_m is not None:
        said["storey_height_m"] = control.storey_height_m
    if control.kind in (Kind.HEIGHT, Kind.HEIGHT_MIN, Kind.STOREYS):
        said["datum"] = control.datum.value
    if control.kind in (Kind.HEIGHT, Kind.HEIGHT_MIN):
        said["measure"] = control.measure
    return said


def _number(control: Control, origin: Mapping[str, Any]) -> dict[str, Any]:
    """Key and value of what was changed."""
    distance = distance_of(control)
    if distance is None:
        assert control.limit is not None
        return {_BOUND[control.kind]: round(control.limit, DIGITS)}
    if "tiers" not in origin:
        return {"distance_m": round(distance, DIGITS)}
    rows = sorted(origin["tiers"], key=lambda row: float(row["from_m"]))
    by = distance - float(rows[0]["distance_m"])
    tiers = tomlkit.array()
    for row in rows:
        tier = tomlkit.inline_table()
        tier.update({"from_m": row["from_m"], "distance_m": round(max(float(row["distance_m"]) + by, 0.0), DIGITS)})
        tiers.append(tier)
    return {"tiers": tiers}


def _slug(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text).strip("-")
