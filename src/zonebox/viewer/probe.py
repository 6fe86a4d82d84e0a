"""Find out whether this machine can draw, without risking the program.

Without an OpenGL driver the renderer does not raise, it takes the interpreter down; so a child process tries first.
"""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import functools
import importlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

WINDOW_VARIABLE: Final = "VTK_DEFAULT_OPENGL_WINDOW"
"""Environment variable by which VTK chooses how it reaches the driver."""

PACKAGES: Final = "apt-get install libegl1 libgl1-mesa-dri"
"""What gives a Debian or Ubuntu machine without a graphics card a software OpenGL driver (EGL and llvmpipe)."""

TIMEOUT_S: Final = 180.0

SCREEN_WINDOWS: Final = ("vtkXOpenGLRenderWindow", "vtkWin32OpenGLRenderWindow", "vtkCocoaRenderWindow")
"""Window classes that a person can see."""

_TRIAL: Final = """
import json
import vtkmodules.vtkRenderingOpenGL2
from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow
renderer = vtkRenderer()
renderer.SetBackground(1.0, 1.0, 1.0)
window = vtkRenderWindow()
window.SetOffScreenRendering(1)
window.SetSize(16, 16)
window.AddRenderer(renderer)
window.Render()
pixels = vtkUnsignedCharArray()
window.GetPixelData(0, 0, 15, 15, 0, pixels, 0)
print(json.dumps({"window": window.GetClassName(), "drawn": pixels.GetValue(0) == 255}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ability:
    """What a machine can draw.

    Parameters
    ----------
    pictures : bool
        Whether a picture can be drawn off screen.
    screen : bool
        Whether a window can be opened that someone sees.
    window : str
        Value for `WINDOW_VARIABLE` that works; "" where the renderer's own choice does.
    sentence : str
        What is missing and what to do; "" where nothing is.
    """

    pictures: bool
    screen: bool
    window: str = ""
    sentence: str = ""


def probe(
    *,
    environ: Mapping[str, str] | None = None,
    command: Sequence[str] = (sys.executable, "-c", _TRIAL),
    timeout_s: float = TIMEOUT_S,
) -> Ability:
    """Draw one small picture in a child process and tell how that went.

    Takes about half a second where drawing works, and reads the drawing library meanwhile; the answer holds for the
    machine, so a caller may keep it.

    Parameters
    ----------
    environ : mapping, optional
        Environment of the child; the present one where not given. A `WINDOW_VARIABLE` in it is obeyed.
    command : sequence of str
        What the child runs: it prints a JSON object with ``window`` and ``drawn``.
    timeout_s : float
        A driver that takes longer counts as broken.
    """
    env = dict(os.environ if environ is None else environ)
    if environ is None:
        _hold_screen()
    reading = threading.Thread(target=_read_library, name="drawing library")
    reading.start()
    try:
        return _tried(env, command, timeout_s)
    finally:
        reading.join()


def begun(ask: Callable[[], Ability] = probe) -> Callable[[], Ability]:
    """Begin to probe beside other work; what is returned waits for the answer, and gives it as often as it is asked.

    The child is asked all the same, for a driver that crashes must not take the program down; it runs while the scene
    is read.
    """
    aside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="drawing probe")
    answer = aside.submit(ask)
    aside.shutdown(wait=False)
    return answer.result


@functools.cache
def _hold_screen() -> object:
    """Connect to the X server once and stay: it starts anew when its last client goes, as the trial does.

    On a virtual screen with no other client the window would come while the server restarts, and find none.
    """
    name = ctypes.util.find_library("X11") if sys.platform.startswith("linux") and os.environ.get("DISPLAY") else None
    if name is None:
        return None
    opened = ctypes.CDLL(name).XOpenDisplay
    opened.argtypes, opened.restype = (ctypes.c_char_p,), ctypes.c_void_p
    return opened(None)


def _read_library() -> None:
    """Import what draws: it takes a second, most of it for colour maps, while the child draws on another core."""
    with contextlib.suppress(ImportError):              # the child says what is missing
        importlib.import_module("pyvista.plotting")


def _tried(env: Mapping[str, str], command: Sequence[str], timeout_s: float) -> Ability:
    """Try the ways to the driver, best first."""
    troubles = []
    for window in _candidates(env):
        tried = {**env, WINDOW_VARIABLE: window} if window else env
        answer, trouble = _try(command, tried, timeout_s)
        if answer.get("drawn"):
            seen = answer.get("window") in SCREEN_WINDOWS
            return Ability(pictures=True, screen=seen, window=window, sentence="" if seen else _no_screen())
        troubles.append(trouble)
        if "No module named" in trouble:
            break
    return Ability(pictures=False, screen=False, sentence=_no_driver(troubles[0]))


def _candidates(env: Mapping[str, str]) -> tuple[str, ...]:
    """Ways to the driver, best first; "" leaves the choice to the renderer."""
    if env.get(WINDOW_VARIABLE):
        return (env[WINDOW_VARIABLE],)
    if not sys.platform.startswith("linux"):
        return ("",)
    headless = ("vtkEGLRenderWindow", "vtkOSOpenGLRenderWindow")
    return ("", *headless) if env.get("DISPLAY") else headless


def _try(command: Sequence[str], env: Mapping[str, str], timeout_s: float) -> tuple[dict[str, object], str]:
    """Run the trial: its answer ({} where it failed), and one line on what went wrong."""
    try:
        run = subprocess.run(list(command), env=dict(env), capture_output=True, text=True, timeout=timeout_s,
                             check=False, errors="replace")
    except subprocess.TimeoutExpired:
        return {}, f"nothing drawn after {timeout_s:.0f} s"
    except OSError as error:
        return {}, str(error)
    lines = run.stdout.strip().splitlines()
    try:
        answer = json.loads(lines[-1]) if run.returncode == 0 and lines else {}
    except json.JSONDecodeError:
        answer = {}
    said = run.stderr.strip().splitlines()
    ended = f"the driver crashed (signal {-run.returncode})" if run.returncode < 0 else ""
    return (answer if isinstance(answer, dict) else {}), ended or (said[-1] if said else f"exit {run.returncode}")


def _no_driver(trouble: str) -> str:
    if "No module named" in trouble:
        return f"no picture: {trouble}; install zonebox with its dependencies: pip install zonebox"
    remedy = PACKAGES if sys.platform.startswith("linux") else "install the graphics card's driver"
    return f"no picture: this machine has no working OpenGL driver ({trouble}); {remedy}"


def _no_screen() -> str:
    return "no window: this machine has no display that a window could open on; make a picture with --screenshot FILE"
