"""What every verb is asked, spelled once, and how it talks while it works."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from zonebox.stopwatch import Stopwatch
from zonebox.words import LANGUAGES, Language, default_language


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The answers to the common options."""

    scene: Path
    out: Path | None
    workers: int
    memory_mb: int | None
    force: bool
    as_json: bool
    lang: Language
    verbose: int
    quiet: bool

    @contextmanager
    def watched(self) -> Iterator[Stopwatch]:
        """Time the steps inside and draw their bars; with -v print the times at the end."""
        from rich.console import Console

        from zonebox.cli import console

        with console.Bars(lang=self.lang, quiet=self.quiet) as bars:
            watch = Stopwatch(listener=bars)
            yield watch
        if self.verbose:
            console.show_laps(watch.laps, Console(stderr=True, quiet=self.quiet))


_OPTIONS = (
    click.argument("scene", type=click.Path(path_type=Path)),
    click.option("-o", "--out", type=click.Path(path_type=Path), default=None,
                 help="Output folder. Default: out/ beside the scene."),
    click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True,
                 help="Processes for geometry."),
    click.option("--memory", "memory_mb", type=click.IntRange(min=50), default=None, metavar="MB",
                 help="Memory for point clouds, MB. Default: 2000, or terrain.memory_mb of the scene."),
    click.option("--force", is_flag=True, help="Overwrite files that zonebox did not write."),
    click.option("--json", "as_json", is_flag=True, help="Print the report as JSON on stdout."),
    click.option("--lang", type=click.Choice(LANGUAGES), default=default_language,
                 help="Language of tables and pictures. Default: from the locale."),
    click.option("-v", "--verbose", count=True, help="Show time and memory of each step."),
    click.option("-q", "--quiet", is_flag=True, help="Show nothing on stderr but errors."),
)


scheduler = click.option(
    "--scheduler", metavar="ADDRESS", default=None,
    help="Let a Dask cluster make the contents of the tiles: the address of its scheduler, such as tcp://host:8786. "
         "Its workers need zonebox; the bytes are the same. Default: [tiles] scheduler of the scene, then processes of "
         "this machine.")
"""Of the verbs that write tiles."""


def common(verb: Callable[..., int]) -> Callable[..., int]:
    """Give a verb the common options, bundled into a `Request` as its first argument."""

    @functools.wraps(verb)
    def called(**answers: Any) -> int:
        names = Request.__dataclass_fields__
        request = Request(**{name: answers.pop(name) for name in names})
        return verb(request, **answers)

    wrapped: Callable[..., int] = called
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped
