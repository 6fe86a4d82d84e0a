"""A built scene comes back as it was, is not taken for another, and a stranger's file starts nothing."""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from whatif import site
from zonebox import builtcache, checks, scenefile


def test_a_scene_comes_back_whole(tmp_path: Path) -> None:
    scene = site.scene(cells=3)
    report = checks.run(scene)
    builtcache.store(tmp_path / "built-1.scene", scene, report)
    found = builtcache.load(tmp_path / "built-1.scene")
    assert found is not None
    again, told = found
    assert [f.id for f in told.findings] == [f.id for f in report.findings]
    assert (again.designs[0].mesh.vertices == scene.designs[0].mesh.vertices).all()
    assert not again.designs[0].mesh.vertices.flags.writeable
    assert [f.value for f in checks.run(again).findings] == [f.value for f in report.findings]
    assert all(a.shape.equals(b.shape) for a, b in zip(again.plan.parcels, scene.plan.parcels, strict=True))


class Trap:
    """Pickles as a call of a function that is no part of a scene."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("trapped",)


@pytest.mark.parametrize(
    "content", [b"", b"no pickle", pickle.dumps((1, 2)), pickle.dumps(Trap()), pickle.dumps(np.random.default_rng)],
    ids=["empty", "text", "other", "trap", "code"])
def test_what_is_no_scene_is_no_entry(
    tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "built-1.scene").write_bytes(content)
    assert builtcache.load(tmp_path / "built-1.scene") is None
    assert not (tmp_path / "trapped").exists()
    assert builtcache.load(tmp_path / "none.scene") is None


def test_any_change_of_an_input_makes_another_entry(repository: Path, tmp_path: Path) -> None:
    copy = tmp_path / "scene"
    shutil.copytree(repository / "scenes" / "riverside_block", copy, ignore=shutil.ignore_patterns("out", "*.md"))

    def key(variant: str = "") -> Path:
        return builtcache.entry(tmp_path, scenefile.read(copy), variant)

    first = key()
    assert key() == first != key("A")
    for name in ("rules.toml", "parcels.dbf", "roads.geojson"):
        content = (copy / name).read_bytes()
        (copy / name).write_bytes(content + b" ")
        assert key() != first, name
        (copy / name).write_bytes(content)
    assert key() == first


def test_old_entries_go(tmp_path: Path) -> None:
    scene = site.scene(cells=1)
    for number in range(builtcache.KEPT + 3):
        builtcache.store(tmp_path / f"built-{number}.scene", scene, checks.run(scene))
    assert len(list(tmp_path.glob("built-*.scene"))) == builtcache.KEPT
    assert (tmp_path / f"built-{builtcache.KEPT + 2}.scene").exists()
