"""Write tried changes down: a scene with the designs where they were moved to, and with a rule pack of what changed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import tomlkit

from zonebox.errors import InputError, OutputExistsError
from zonebox.scenefile import SceneFile
from zonebox.whatif.changes import Move
from zonebox.whatif.moving import joined
from zonebox.whatif.ruling import DIGITS, rule_pack
from zonebox.whatif.trial import Trial


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
    written = {path: _scene(trial, spec, path, pack if ruled else None)}
    if ruled:
        written[pack] = rule_pack(trial, spec)
    path.parent.mkdir(parents=True, exist_ok=True)
    for file, text in written.items():
        file.write_text(text, encoding="utf-8")
    return tuple(written)


def _scene(trial: Trial, spec: SceneFile, path: Path, pack: Path | None) -> str:
    """Write the scene's own text with the pack added and the designs moved; paths follow the file."""
    text = tomlkit.parse(spec.path.read_text(encoding="utf-8-sig"))
    if path.resolve().parent != spec.path.parent:
        _follow(text, spec, path.resolve().parent)
    if pack is not None:
        plan: Any = text["plan"]
        plan.setdefault("rules", tomlkit.array()).append(pack.name)
    moves = {change.design: change for change in trial.changes.values() if isinstance(change, Move)}
    stated = {design.id: design.moved for design in spec.designs}
    standing = {design.id: design for design in trial.scene.designs}
    for design in text.get("design", []):
        name = str(design["id"])
        move = moves.get(name)
        if move is not None:
            before = stated[name]
            if before is not None:                 # a desk's move begins where the scene file puts the design
                move = joined(Move(design=name, **before), move, standing[name])
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
    for key in ("parcels", "roads", "lines", "within", "table", "zones", "edges"):
        if plan.get(key) and "://" not in plan[key]:
            plan[key] = near(getattr(spec.plan, key))
    if "rules" in plan:
        plan["rules"] = [name if name.startswith("pack:") else near(file)
                         for name, file in zip(plan["rules"], spec.plan.rules, strict=True)]
    for table, part in (("terrain", spec.terrain), ("as_built", spec.as_built)):
        for key in ("points", "dem", "before"):
            if key in text.get(table, {}):
                text[table][key] = [near(file) for file in getattr(part, key)]
    if text.get("terrain", {}).get("water", "plan") != "plan" and spec.terrain is not None:
        text["terrain"]["water"] = near(spec.terrain.water)
    sources = {"context": [c.source for c in spec.context], "design": [d.source for d in spec.designs]}
    for table, files in sources.items():
        for row, file in zip(text.get(table, []), files, strict=True):
            row["source"] = near(file)
