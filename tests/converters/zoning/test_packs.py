"""The packs that come with zonebox: examples with clause and source, and their documentation, which is generated."""

from __future__ import annotations

import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from zonebox.model import Kind
from zonebox_converters.zoning.kinds import KEYS, kind_of
from zonebox_converters.zoning.pack_readme import documents
from zonebox_converters.zoning.rules import read_pack, read_packs
from zonebox_converters.zoning.shipped import FOLDER, pack_names, pack_path


@pytest.mark.parametrize("name", pack_names())
def test_shipped_packs_read_and_claim_nothing(name: str) -> None:
    pack = read_pack(pack_path(f"pack:{name}"))
    data = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    assert data["pack"]["id"] == name
    assert data["pack"]["source"]
    assert {rule.authority.status for rule in pack.rules} <= {"example"}
    assert all(rule.authority.clause for rule in pack.rules)
    assert all(group["clause"] for group in data.get("parameters", {}).values())


def test_shipped_packs_live_together() -> None:
    pack = read_packs([Path(f"pack:{name}") for name in pack_names()], on="2026-01-01")
    assert len({rule.id for rule in pack.rules}) == len(pack.rules) >= 12
    assert pack.ended == ("toronto-rear-shallow",)


def test_every_kind_is_documented() -> None:
    assert {kind_of(word) for word in KEYS} == set(Kind)


def test_the_documentation_is_current() -> None:
    made = documents()
    assert {p for p in FOLDER.rglob("*") if p.suffix in {".svg", ".md"}} == set(made)
    stale = [path.name for path, text in made.items() if path.read_text(encoding="utf-8") != text]
    assert not stale, f"run python -m zonebox_converters.zoning.pack_readme: {', '.join(stale)}"


def test_pictures_are_drawings() -> None:
    for path in (FOLDER / "kinds").glob("*.svg"):
        root = ET.parse(path).getroot()
        assert len(root) >= 4
