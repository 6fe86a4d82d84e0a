"""`zonebox view`: the scene in a window, on a page, or as pictures without a screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from zonebox.cli.options import Request, common

if TYPE_CHECKING:
    from collections.abc import Callable

    from zonebox.model import Report, Scene
    from zonebox.stopwatch import Stopwatch
    from zonebox.viewer import Ability


@click.command("view", epilog="Example: zonebox view scenes/riverside_block --screenshot riverside.png")
@common
@click.option("--screenshot", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="Write a PNG instead of opening a window; needs no screen.")
@click.option("--views", type=click.Path(path_type=Path, file_okay=False), default=None,
              help="Write a folder of pictures: overview, plan, four obliques, one per finding.")
@click.option("--turntable", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="Write a turn round the scene as a film, .mp4 or .gif.")
@click.option("--serve", is_flag=True,
              help="Serve the viewer as a page, for any browser; all who open it share one view.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True,
              help="Port of the page; 0 takes any free one.")
@click.option("--host", default="127.0.0.1", show_default=True,
              help="Address the page listens on; 0.0.0.0 lets the network in.")
@click.option("--variant", default="", help="Show only this variant's designs.")
@click.option("--compare", default="", metavar="VARIANT",
              help="Show this variant at the right of the other, with one camera.")
def command(
    request: Request, *, screenshot: Path | None, views: Path | None, turntable: Path | None, serve: bool, port: int,
    host: str, variant: str, compare: str,
) -> int:
    """Show SCENE: terrain, context, envelopes, designs, and what breaks a control in red.

    A scene whose files have not changed opens as it was built last.
    """
    from zonebox import pipeline, scenefile
    from zonebox.cli import output
    from zonebox.viewer import begun

    if screenshot is not None:
        pipeline.guard_picture(screenshot, force=request.force)
    if compare and (views is not None or turntable is not None):
        raise click.UsageError("--compare goes with --screenshot, --serve or the window, not with --views or "
                               "--turntable")
    alone = variant if screenshot is not None or not compare else ""     # on the desk all variants are there to switch
    scenefile.read(request.scene)                       # a slip of the pen in it is told before anything begins
    able = begun()                                      # goes on while the scene is opened
    with request.watched() as watch:
        scene, report = _built(request, alone, watch)
        output.groundless(request, scene)
        if screenshot is not None:
            other = _built(request, compare, watch) if compare else None
            with watch.step("picture"):
                _picture(request, screenshot, (variant, scene, report), (compare, *other) if other else None, able())
        written = [screenshot] if screenshot is not None else []
        written += _albums(request, scene, report, views, turntable, able)
    if request.as_json:
        output.print_report(request, scene, report)
    elif written:
        click.echo("\n".join(map(str, written)))
    if serve:
        _serve(request, scene, report, host, port, (variant, compare), able())
    elif not written:
        _open(request, scene, report, (variant, compare), able())
    return 0


def _built(request: Request, variant: str, watch: Stopwatch) -> tuple[Scene, Report]:
    from zonebox import pipeline

    return pipeline.opened(request.scene, request.out, workers=request.workers, variant=variant, force=request.force,
                           watch=watch, memory_mb=request.memory_mb)


def _picture(
    request: Request, file: Path, one: tuple[str, Scene, Report], two: tuple[str, Scene, Report] | None, able: Ability
) -> None:
    """Draw one variant, or two beside each other."""
    from zonebox import pipeline
    from zonebox.studio import compare
    from zonebox.studio.labels import label

    if two is None:
        pipeline.picture(one[1], one[2], file, lang=request.lang, ability=able)
        return
    left, right = (compare.Side(title=name or label("as_planned", request.lang), scene=scene, report=report)
                   for name, scene, report in (one, two))
    compare.screenshot(left, right, file, lang=request.lang, ability=able)


def _albums(
    request: Request, scene: Scene, report: Report, views: Path | None, turntable: Path | None,
    able: Callable[[], Ability],
) -> list[Path]:
    from zonebox.studio import album

    written: list[Path] = []
    if views is not None:
        written += album.views(scene, report, views, lang=request.lang, force=request.force, ability=able())
    if turntable is not None:
        written.append(album.turntable(scene, report, turntable, lang=request.lang, ability=able()))
    return written


def _open(request: Request, scene: Scene, report: Report, shown: tuple[str, str], able: Ability) -> None:
    from zonebox import pipeline, scenefile
    from zonebox.studio import Desk, window

    desk = Desk(scene, report, lang=request.lang, spec=scenefile.read(request.scene), off_screen=False,
                size=(1500, 900), ability=able)
    window.opened(desk, pipeline.output_folder(request.scene, request.out) / "what-if", shown)


def _serve(
    request: Request, scene: Scene, report: Report, host: str, port: int, shown: tuple[str, str],
    able: Ability,
) -> None:
    from zonebox import pipeline, scenefile
    from zonebox.studio import Desk
    from zonebox.studio.page import Page

    spec = scenefile.read(request.scene)
    desk = Desk(scene, report, lang=request.lang, spec=spec, ability=able)
    page = Page(desk, pipeline.output_folder(request.scene, request.out) / "what-if" / "scene.toml", shown=shown)
    page.serve(port=port, host=host, ready=lambda at: click.echo(f"http://{host}:{at}/index.html", err=request.as_json))
