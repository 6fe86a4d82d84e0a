"""Rule packs that come with zonebox: named ``pack:de.mbo.example`` where a scene names a file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from zonebox.errors import InputError
from zonebox_converters.zoning.fields import suggest
from zonebox_converters.zoning.pack_table import PackTable

PREFIX: Final = "pack:"
FOLDER: Final = Path(__file__).parent / "packs"


def pack_names() -> tuple[str, ...]:
    """Names of the packs, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def pack_path(path: Path | str) -> Path:
    """Turn the name of a pack, in whatever folder it is written, into its file; leave other paths alone.

    Raises
    ------
    InputError
        No pack of that name.

    Examples
    --------
    >>> pack_path("pack:de.mbo.example").name, pack_path("rules.toml").name
    ('de.mbo.example.toml', 'rules.toml')
    """
    name = Path(path).name
    if not name.startswith(PREFIX):
        return Path(path)
    wanted = name.removeprefix(PREFIX)
    if wanted not in pack_names():
        raise InputError(name, got="no pack of that name", want=f"one of {', '.join(pack_names())}",
                         then=suggest(wanted, pack_names()))
    return FOLDER / f"{wanted}.toml"


def parameters(named: str, rule: PackTable) -> Mapping[str, Any]:
    """Parameters ``pack:name#group`` of a pack, for a rule that builds on them."""
    pack, _, group = named.partition("#")
    try:
        groups = tomllib.loads(pack_path(pack).read_text(encoding="utf-8")).get("parameters", {})
    except OSError:
        raise rule.refuse("surfaces", got=f'surfaces = "{named}"', want='"pack:name#group"') from None
    if group not in groups:
        raise rule.refuse("surfaces", got=f'the group "{group}" of {pack}', want=f"one of {', '.join(groups)}",
                          then=suggest(group, groups))
    return {key: value for key, value in groups[group].items() if key not in {"clause", "source", "note"}}
