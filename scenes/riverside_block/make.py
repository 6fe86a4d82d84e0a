"""Write the riverside block: ``python make.py [OUTDIR]``.

Without OUTDIR the files are written beside this script; elsewhere the hand-written scene.toml and rules.toml are
copied along, so that OUTDIR is a complete scene. The same bytes come out every time. Everything is fictional.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from facts import FERRY, HARBOUR
from make_existing import write_existing
from make_ferry import write_ferry_terrace
from make_harbour import write_harbour_house
from make_lidar import write_ground
from make_plan import control_lines, roads, write_features, write_parcels

HERE = Path(__file__).resolve().parent
HAND_WRITTEN = ("scene.toml", "rules.toml")


def make(out: Path) -> None:
    """Write the scene's files into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    write_parcels(out / "parcels.shp")
    write_features(out / "roads.geojson", "roads", roads())
    write_features(out / "control_lines.geojson", "control_lines", control_lines())
    write_ground(out / "ground.laz")
    write_existing(out / "existing.city.json")
    write_harbour_house(out / HARBOUR.file)
    write_ferry_terrace(out / FERRY.file)
    if out.resolve() != HERE:
        for name in HAND_WRITTEN:
            shutil.copyfile(HERE / name, out / name)


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
