"""Style, types and the direction of imports are part of the tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = {
    "ruff": [sys.executable, "-m", "ruff", "check", "."],
    "mypy": [sys.executable, "-m", "mypy"],
    "import contracts": [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
}


@pytest.mark.parametrize("tool", TOOLS)
def test_the_code_passes(tool: str, repository: Path) -> None:
    done = subprocess.run(TOOLS[tool], cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_source_file_has_outgrown_one_idea(repository: Path) -> None:
    long = {
        str(path.relative_to(repository)): lines
        for root in ("src", "converters")
        for path in (repository / root).rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 450
    }
    assert long == {}


def test_docstring_examples_run(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--doctest-modules", "-p", "no:cacheprovider", "src/zonebox/geometry",
         "src/zonebox/checks", "src/zonebox/frame", "src/zonebox/words.py", "src/zonebox/scenefile",
         "src/zonebox/stopwatch.py", "src/zonebox/model", "converters/zonebox_converters"],
        cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
