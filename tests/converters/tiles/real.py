"""Tiles of the real scenes, written once a session through the whole pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from zonebox.model import Report, Scene
from zonebox_converters.tiles import write

_MADE: dict[str, RealScene] = {}


@dataclass(frozen=True)
class RealScene:
    """A scene, its report and the folder of its tiles."""

    scene: Scene
    report: Report
    tiles: Path


def real_scene(name: str, request: pytest.FixtureRequest, factory: pytest.TempPathFactory) -> RealScene:
    """Build a scene of the repository and write its tiles; what the pipeline caches is kept between sessions."""
    if name not in _MADE:
        from zonebox import pipeline

        repository: Path = request.getfixturevalue("repository")
        kept = getattr(request.config, "cache", None)
        out = kept.mkdir(f"scene_{name}") if kept is not None else factory.mktemp(name)
        scene, report = pipeline.checked(repository / "scenes" / name, out)
        tiles = factory.mktemp(f"tiles_{name}")
        write(scene, report, tiles)
        _MADE[name] = RealScene(scene=scene, report=report, tiles=tiles)
    return _MADE[name]
