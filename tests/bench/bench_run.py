"""Wall time and peak memory of a whole run and of each step: `python tests/bench/bench_run.py [SCENE ...]`.

Each scene runs twice in processes of their own, cold and from its cache; the ratio says what the cache is worth.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCENES = ("scenes/riverside_block", "scenes/delft_courtyard")


def one_run(scene: str, out: Path) -> tuple[float, list[dict[str, float]]]:
    """Wall seconds of the process, and its own account of the steps."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "zonebox.cli", "run", scene, "-o", str(out), "-q"], check=True,
                   stdout=subprocess.DEVNULL)
    return time.perf_counter() - start, json.loads((out / "run.json").read_text(encoding="utf-8"))["steps"]


def main(scenes: list[str]) -> None:
    """Print a table per scene."""
    for scene in scenes:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out"
            cold, cold_steps = one_run(scene, out)
            warm, warm_steps = one_run(scene, out)
        print(f"{scene}: cold {cold:.1f} s, rerun {warm:.1f} s, ratio {warm / cold:.2f}")
        print(f"  {'step':<12}{'cold s':>9}{'rerun s':>9}{'peak MB':>9}")
        again = {step["name"]: step["seconds"] for step in warm_steps}     # an unchanged scene is not built again
        for step in cold_steps:
            rerun = f"{again[step['name']]:.2f}" if step["name"] in again else "–"
            print(f"  {step['name']:<12}{step['seconds']:>9.2f}{rerun:>9}{step['peak_mb']:>9.0f}")


if __name__ == "__main__":
    main(sys.argv[1:] or list(SCENES))
