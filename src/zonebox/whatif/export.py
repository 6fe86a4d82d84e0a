"""Write tried changes down: a rule pack that overrides what it changes, and a scene that uses it.

A changed rule is copied from the pack it came from, with everything it says about edges, zones and datum, and holds on
the one parcel; an indicator of the parcel table becomes a rule of its kind.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import tomlkit
from tomlkit.items import Table

from zonebox.errors import InputError, OutputExistsError
from zonebox.model import Control, Kind
from zonebox.scenefile import SceneFile
from zonebox.whatif.changes import Change, Move, distance_of
from zonebox.whatif.trial import Trial

_BOUND: Final[Mapping[Kind, str]] = {
    Kind.HEIGHT: "limit_m", Kind.HEIGHT_ABSOLUTE: "limit_m", Kind.HEIGHT_MIN: "limit_m", Kind.STOREYS: "limit",
    Kind.FAR: "max", Kind.COVERAGE: "max", Kind.GREEN: "min",
}
"""Kind -> the key of its bound in a rule."""

_DROPPED: Final = ("mode", "level", "overrides", "applies")
DIGITS: Final = 6


def rule_pack(trial: Trial, spec: SceneFile) -> str:
    """Write the changed controls of a trial as a rule pack.

    Raises
    ------
    InputError
        Nothing was changed, or a control that came from a rule holds on part of its parcel only, or from a pack in
        feet: the pack it came from has to be changed by hand.
    """
    changed = [c for c in trial.scene.plan.controls if ("control", c.id) in trial.changes]
    if not changed:
        raise InputError(spec.name, got="no changed control", want="at least one", then="change a limit or a setback")
    packs = {path.name: tomllib.loads(path.read_text(encoding="utf-8-sig")) for path in spec.plan.rules}
    text = tomlkit.document()
    text.add(tomlkit.comment(f'What was tried on the scene "{spec.title}". Each rule replaces the one it overrides on '
                             "its parcel."))
    head = tomlkit.table()
    head.update({"id": f"what-if.{_slug(spec.name)}", "document": f"{spec.title}, what-if",
                 "status": "draft", "units": "m"})
    text["pack"] = head
    rules = tomlkit.aot()
    for control in changed:
        rules.append(_rule(control, packs))
    text["rule"] = rules
    return tomlkit.dumps(text)


def export(trial: Trial, spec: SceneFile, path: Path, *, force: bool = False) -> tuple[Path, ...]:
    """Write a scene file with everything a trial changed, and the rule pack it needs beside it.

    Parameters
    ----------
    path : Path
        The scene file to write, ``something.toml``, in the scene's folder or any other.

    Returns
    -------
    tuple of Path
        The scene, and the pack where a control was changed.

    Raises
    ------
    InputError
        Nothing was changed, or see `rule_pack`.
    OutputExistsError
        A file of that name exists.
    """
    if not trial.changes:
        raise InputError(spec.name, got="no change", want="something to write", then="change a limit or move a design")
    pack = path.with_name(f"{path.stem}.rules.toml")
    ruled = any(kind == "control" for kind, _ in trial.changes)
    taken = [file for file in (path, *([pack] if ruled else [])) if file.exists()]
    if taken and (not force or path.resolve() == spec.path):
        raise OutputExistsError(f"{taken[0]}: got an existing file, want a new name for the changed scene")
    written = {path: _scene(trial.changes.values(), spec, path, pack if ruled else None)}
    if ruled:
        written[pack] = rule_pack(trial, spec)
    path.parent.mkdir(parents=True, exist_ok=True)
    for file, text in written.items():
        file.write_text(text, encoding="utf-8")
    return tuple(written)


def _scene(changes: Iterable[Change], spec: SceneFile, path: Path, pack: Path | None) -> str:
    """Write the scene's own text with the pack added and the designs moved; paths follow the file."""
    text = tomlkit.parse(spec.path.read_text(encoding="utf-8"))
    if path.resolve().parent != spec.path.parent:
        _follow(text, spec, path.resolve().parent)
    if pack is not None:
        plan: Any = text["plan"]
        plan.setdefault("rules", tomlkit.array()).append(pack.name)
    moves = {change.design: change for change in changes if isinstance(change, Move)}
    for design in text.get("design", []):
        move = moves.get(design["id"])
        if move is not None:
            row = tomlkit.inline_table()
            row.update({name: round(getattr(move, name), DIGITS) for name in ("east_m", "north_m", "up_m", "turn_deg")})
            design["moved"] = row
    return tomlkit.dumps(text)


def _follow(text: Any, spec: SceneFile, folder: Path) -> None:
    """Rewrite every path so that it is found from another folder."""
    def near(file: Path | str) -> str:
        return Path(os.path.relpath(file, folder)).as_posix()

    head, plan = text["scene"], text["plan"]
    head.pop("data_root", None)
    if "grids" in head:
        head["grids"] = [near(grid) for grid in spec.grids]
    for key in ("parcels", "roads", "lines", "table", "zones", "edges"):
        if plan.get(key) and "://" not in plan[key]:
            plan[key] = near(getattr(spec.plan, key))
    if "rules" in plan:
        plan["rules"] = [name if name.startswith("pack:") else near(file)
                         for name, file in zip(plan["rules"], spec.plan.rules, strict=True)]
    for table, part in (("terrain", spec.terrain), ("as_built", spec.as_built)):
        for key in ("points", "dem"):
            if key in text.get(table, {}):
                text[table][key] = [near(file) for file in getattr(part, key)]
    if text.get("terrain", {}).get("water", "plan") != "plan" and spec.terrain is not None:
        text["terrain"]["water"] = near(spec.terrain.water)
    sources = {"context": [c.source for c in spec.context], "design": [d.source for d in spec.designs]}
    for table, files in sources.items():
        for row, file in zip(text.get(table, []), files, strict=True):
            row["source"] = near(file)


def _rule(control: Control, packs: Mapping[str, Mapping[str, Any]]) -> Table:
    name = control.id.removeprefix(f"{control.parcel}/")
    if re.search("[@#]", name):
        raise InputError(control.source or control.id, got=f"{control.id}, a piece of a rule that another one divides",
                         want="a rule that holds as it is written", then="change the rule in its pack")
    file, _, rule_id = control.source.partition("#")
    origin = next((r for r in packs.get(file, {}).get("rule", []) if r.get("id") == rule_id), None)
    row = tomlkit.table()
    row["id"] = f"{_slug(control.parcel)}-{_slug(name)}-what-if"
    if origin is None:
        row.update(_indicator(control))
    else:
        if packs[file]["pack"].get("units") != "m":
            raise InputError(control.source, got="a pack in feet", want="metres", then="change the rule in its pack")
        row.update({key: value for key, value in origin.items() if key not in ("id", *_DROPPED)})
        row.update(_number(control, origin))
    applies = tomlkit.inline_table()
    applies["parcels"] = [control.parcel]
    if origin is not None and "zone" in origin.get("applies", {}):
        applies["zone"] = origin["applies"]["zone"]
    row["applies"] = applies
    row["overrides"] = [name]
    return row


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
