"""The READMEs tell what the program does today."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import processor_seconds
from quality.readme_blocks import READMES, VERBS, blocks, filled


@pytest.mark.parametrize("name", READMES)
def test_help_texts_are_current(name: str, repository: Path) -> None:
    text = (repository / name).read_text(encoding="utf-8")
    assert text.count("<!-- help") == len(VERBS)
    assert text == filled(text, blocks()), "run: python tests/quality/readme_blocks.py"


@pytest.mark.parametrize("name", READMES)
def test_every_path_and_picture_exists(name: str, repository: Path) -> None:
    text = (repository / name).read_text(encoding="utf-8")
    named = re.findall(r"`((?:src|converters|scenes|tests)/[\w./-]+)`", text)
    named += re.findall(r"\]\((?!http|#)([^)]+)\)", text)
    assert named
    assert [path for path in named if not (repository / path).exists()] == []


def test_both_languages_have_the_same_headings_and_commands(repository: Path) -> None:
    english, chinese = ((repository / name).read_text(encoding="utf-8") for name in READMES)
    outline = [[len(mark) for mark in re.findall(r"^(#+) ", text, re.MULTILINE)] for text in (english, chinese)]
    assert outline[0] == outline[1]
    commands = [re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for text in (english, chinese)]
    assert commands[0] == commands[1]


def test_every_verb_ends_its_help_with_an_example() -> None:
    for verb, text in blocks().items():
        examples = [line for line in text.splitlines() if line.strip().startswith("Example: zonebox ")]
        assert len(examples) == 1, verb
        assert verb == "help" or text.splitlines()[-2] == examples[0], verb


def test_help_answers_at_once(repository: Path) -> None:
    def best(*command: str) -> float:
        times = []
        for _ in range(4):
            start = processor_seconds()
            subprocess.run([sys.executable, *command], check=True, capture_output=True, cwd=repository)
            times.append(processor_seconds() - start)
        return min(times)

    # beside the library of the command line alone, whatever the machine; numpy or pyproj would be three times that
    assert best("-m", "zonebox.cli", "--help") < 2.5 * best("-c", "import click, typing, inspect, importlib.metadata")


def test_no_word_of_the_workshop(repository: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=repository, capture_output=True, check=True).stdout
    secrets = re.compile("|".join(["/wor" + "k/", "farm-" + "studio", "farm-" + "bench", "pypi" + r"\.org",
                                   "registry" + r"\.npm", "sub" + "agent", "deb" + r"\.debian"]))
    found = []
    for name in listed.decode().split("\0"):
        path = repository / name
        written = path.suffix in {".py", ".md", ".toml", ".json", ".html", ".js", ".mjs", ".txt"} or name == ".ci/run"
        if written and path.is_file() and secrets.search(path.read_text(encoding="utf-8", errors="replace")):
            found.append(name)
    assert found == []
