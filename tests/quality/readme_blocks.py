"""The generated parts of the READMEs: `python tests/quality/readme_blocks.py` writes them, a test compares them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READMES = ("README.md", "README.zh.md")
VERBS = ("", "run", "check", "tiles", "view", "report", "envelopes", "info", "new")


def help_text(verb: str) -> str:
    """What `zonebox VERB --help` prints, eighty columns wide."""
    words = [sys.executable, "-m", "zonebox.cli", *([verb] if verb else []), "--help"]
    environment = {**os.environ, "COLUMNS": "80", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment, cwd=ROOT)
    return done.stdout.rstrip()


def blocks() -> dict[str, str]:
    """Name of a block -> its text."""
    return {f"help {verb}".strip(): f"```text\n$ zonebox {verb}{' ' if verb else ''}--help\n{help_text(verb)}\n```"
            for verb in VERBS}


def filled(text: str, generated: dict[str, str]) -> str:
    """A README with its marked blocks replaced."""
    def replace(match: re.Match[str]) -> str:
        return f"<!-- {match[1]} -->\n{generated[match[1]]}\n<!-- end -->"

    return re.sub(r"<!-- (help[ \w]*) -->\n.*?<!-- end -->", replace, text, flags=re.DOTALL)


if __name__ == "__main__":
    made = blocks()
    for name in READMES:
        path = ROOT / name
        path.write_text(filled(path.read_text(encoding="utf-8"), made), encoding="utf-8")
