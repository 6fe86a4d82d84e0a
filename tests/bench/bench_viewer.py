"""How fast the viewer answers: what-if, first picture, cache, orbit with and without the lower level of detail.

Run by hand: ``python tests/bench/bench_viewer.py [SCENE]``. Processor time counts all threads of this process, so that
other work on the machine matters little; wall time is given beside it.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1]))


def timed(act: Callable[[], object], *, children: bool = False) -> tuple[float, float]:
    """Processor and wall seconds of one call; ``children`` counts the processes that it starts too."""
    cpu, wall = spent(children=children), time.perf_counter()
    act()
    return spent(children=children) - cpu, time.perf_counter() - wall


def spent(*, children: bool) -> float:
    """Processor seconds until now, of this process and of those it started and saw end."""
    used = os.times()
    return used.user + used.system + (used.children_user + used.children_system if children else 0.0)


def line(what: str, cpu: float, wall: float) -> None:
    print(f"{what:58s} {1000 * cpu:8.0f} ms processor {1000 * wall:8.0f} ms wall")


def what_if() -> None:
    """A parcel of 12 edges, a design of 10,092 triangles: 100 ms is the aim.

    The kinds of change take turns, so that a busy moment of the machine falls on all of them.
    """
    from whatif import site
    from zonebox import checks
    from zonebox.whatif import Change, Limit, Move, Setback, WhatIf

    scene = site.scene(cells=29)
    assert len(scene.plan.parcels[0].boundary) == 12
    tried = WhatIf(scene, checks.run(scene))
    print(f"what-if: {len(scene.plan.parcels[0].boundary)} edges, {len(scene.designs[0].mesh)} triangles")
    line("  getting a parcel ready, when it is chosen", *timed(lambda: tried.ready("A")))
    kinds: dict[str, Callable[[int], Change]] = {
        "height": lambda k: Limit(control="A/height", value=16.0 + 0.1 * k),
        "floor area ratio": lambda k: Limit(control="A/far", value=0.5 + 0.01 * k),
        "setback": lambda k: Setback(control="A/setback", distance_m=4.0 + 0.05 * k),
        "move": lambda k: Move(design="tower", east_m=0.05 * k),
        "lower": lambda k: Move(design="tower", up_m=-0.1 * k),
        "turn": lambda k: Move(design="tower", turn_deg=float(k)),
    }
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
    for k in range(15):
        for name, made in kinds.items():
            change = made(k)
            runs[name].append(timed(lambda change=change: tried.apply(change)))      # type: ignore[misc]
    for name, found in runs.items():
        line(f"  {name}", median(r[0] for r in found[2:]), median(r[1] for r in found[2:]))


def first_picture(path: Path) -> None:
    """The scene as built, from the cache, and its first picture: 3 s is the aim."""
    from zonebox import pipeline
    from zonebox.studio import Desk
    from zonebox.viewer import probe

    with tempfile.TemporaryDirectory() as folder:
        line(f"build {path.name}", *timed(lambda: pipeline.opened(path, Path(folder))))
        line("open it again from the cache", *timed(lambda: pipeline.opened(path, Path(folder))))
        scene, report = pipeline.opened(path, Path(folder))
        whole_process(path, Path(folder))
    able = probe()
    line("the probe, which finds out whether drawing works", *timed(probe, children=True))
    made: list[Desk] = []
    line("set up", *timed(lambda: made.append(Desk(scene, report, size=(1600, 1000), ability=able))))
    line("first picture, 1600 x 1000", *timed(made[0].stage.picture))
    line("next picture", *timed(made[0].stage.picture))
    made[0].close()


def whole_process(path: Path, folder: Path) -> None:
    """`zonebox view --screenshot` from the built cache: from the start of the process until the PNG is written.

    Reading the libraries is in it, and the probe beside the reading of the scene.
    """
    png = folder / "picture.png"
    command = [sys.executable, "-m", "zonebox.cli", "view", str(path), "-o", str(folder), "--screenshot", str(png),
               "-q"]
    runs = [timed(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL), children=True)
            for _ in range(3)]
    assert png.stat().st_size > 0
    line("zonebox view --screenshot, the whole process, cached", *(median(run[k] for run in runs) for k in (0, 1)))


def orbit(millions: float) -> None:
    """Many triangles in a turn, whole and with the lower level of detail."""
    from whatif import site
    from zonebox.geometry.mesh import Mesh
    from zonebox.studio import Desk
    from zonebox.viewer import probe

    scene = site.scene(cells=2)
    one = site.tower(0.0, 0.0, 10.0, cells=round((millions * 1e6 / 12 / 100) ** 0.5)).mesh
    shifts = [(9.0 * (k % 10), 9.0 * (k // 10), 0.0) for k in range(100)]
    mesh = Mesh(vertices=np.concatenate([one.vertices + s for s in shifts]),
                triangles=np.concatenate([one.triangles + k * len(one.vertices) for k in range(100)]).astype(np.int32))
    town = replace(scene.designs[0], id="town", name="", mesh=mesh, solid=None,
                   triangle_element=np.zeros(len(mesh), dtype=np.int32),
                   triangle_color=np.full((len(mesh), 4), 200, dtype=np.uint8))
    crowded = replace(scene, context=(town,))
    from zonebox.model import Report

    desk = Desk(crowded, Report(findings=()), size=(1200, 800), ability=probe())
    line(f"first picture of {len(mesh) / 1e6:.1f} million triangles", *timed(desk.stage.picture))

    def turn() -> None:
        desk.stage.plotter.camera.Azimuth(5.0)
        desk.stage.plotter.render_window.Render()

    line("  a frame, whole", *timed(turn))
    line("  making the simpler bodies, once", *timed(lambda: desk.stage.hurry(moving=True)))
    turn()
    line("  a frame while moving", *timed(turn))
    desk.close()


def many_parcels(count: int) -> None:
    """A plan of many parcels without anything else."""
    import shapely

    import lots
    from whatif import site
    from zonebox.model import Plan, Report
    from zonebox.studio import Desk
    from zonebox.viewer import probe

    side = int(count**0.5)
    shapes = [shapely.box(30.0 * (k % side), 30.0 * (k // side), 30.0 * (k % side) + 25.0, 30.0 * (k // side) + 25.0)
              for k in range(count)]
    parcels = tuple(replace(lots.parcel(s, 0.0), id=f"P-{k}") for k, s in enumerate(shapes))
    scene = replace(site.scene(cells=2), plan=Plan(source="drawn", parcels=parcels, controls=()), designs=(),
                    envelopes=(), terrain=None)
    made: list[Desk] = []
    line(f"set up {count} parcels",
         *timed(lambda: made.append(Desk(scene, Report(findings=()), size=(1200, 800), ability=probe()))))
    line("  first picture", *timed(made[0].stage.picture))
    made[0].close()


if __name__ == "__main__":
    what_if()
    first_picture(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parents[2] / "scenes" / "delft_courtyard")
    orbit(2.0)
    many_parcels(100_000)
    print(f"largest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
