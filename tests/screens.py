"""A virtual screen for a program that opens a window."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

from conftest import unavailable
from zonebox.viewer.probe import WINDOW_VARIABLE


def on_a_screen(command: Sequence[str], size: str) -> subprocess.CompletedProcess[str]:
    """Run a command on a virtual screen of its own, as large as ``size`` (``"1280x800"``).

    The server chooses the number of the screen itself: two that look for a free one at the same time find the same.
    """
    if shutil.which("Xvfb") is None:
        unavailable("no virtual screen", "apt-get install xvfb")
    told, tell = os.pipe()
    with subprocess.Popen(["Xvfb", "-displayfd", str(tell), "-screen", "0", f"{size}x24", "-nolisten", "tcp"],
                          pass_fds=(tell,), stderr=subprocess.DEVNULL) as server:
        os.close(tell)
        try:
            with os.fdopen(told, encoding="ascii") as line:
                number = line.readline().strip()
            assert number, "Xvfb did not start"
            env = {name: value for name, value in os.environ.items() if name != WINDOW_VARIABLE}
            return subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False,
                                  env={**env, "DISPLAY": f":{number}"})
        finally:
            server.terminate()
