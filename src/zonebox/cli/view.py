"""`zonebox view`: the scene in a window, on a page, or as pictures without a screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from zonebox.cli.options import Request, common

if TYPE_CHECKING:
    from zonebox.model import Report, Scene


@click.command("view", epilog="Example: zonebox view scenes/riverside_block --screenshot riverside.png")
@common
@click.option("--screenshot", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="Write a PNG instead of opening a window; needs no screen.")
@click.option("--views", type=click.Path(path_type=Path, file_okay=False), default=None,
              help="Write a folder of pictures: overview, plan, four obliques, one per finding.")
@click.option("--turntable", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="Write a turn round the scene as a film, .mp4 or .gif.")
@click.option("--serve", is_flag=True, help="Serve the viewer as a page, for any browser.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True,
              help="Port of the page; 0 takes any free one.")
@click.option("--host", default="127.0.0.1", show_default=True,
              help="Address the page listens on; 0.0.0.0 lets the network in.")
@click.option("--variant", default="", help="Show only this variant's designs.")
def command(
    request: Request, *, screenshot: Path | None, views: Path | None, turntable: Path | None, serve: bool, port: int,
    host: str, variant: str,
) -> int:
    """Show SCENE: terrain, context, envelopes, designs, and what breaks a control in red.

    A scene whose files have not changed opens as it was built last.
    """
    from zonebox import pipeline
    from zonebox.cli import output

    if screenshot is not None:
        pipeline.guard_picture(screenshot, force=request.force)
    with request.watched() as watch:
        scene, report = pipeline.opened(request.scene, request.out, workers=request.workers, variant=variant,
                                        force=request.force, watch=watch, memory_mb=request.memory_mb)
        if screenshot is not None:
            with watch.step("picture"):
                pipeline.picture(scene, report, screenshot, lang=request.lang)
        written = [screenshot] if screenshot is not None else []
        written += _albums(request, scene, report, views, turntable)
    if request.as_json:
        output.print_report(request, scene, report)
    elif written:
        click.echo("\n".join(map(str, written)))
    if serve:
        _serve(request, scene, report, host, port)
    elif not written:
        _open(request, scene, report)
    return 0


def _albums(request: Request, scene: Scene, report: Report, views: Path | None, turntable: Path | None) -> list[Path]:
    from zonebox.studio import album

    written: list[Path] = []
    if views is not None:
        written += album.views(scene, report, views, lang=request.lang, force=request.force)
    if turntable is not None:
        written.append(album.turntable(scene, report, turntable, lang=request.lang))
    return written


def _open(request: Request, scene: Scene, report: Report) -> None:
    from zonebox import pipeline, scenefile
    from zonebox.studio import Desk, window

    desk = Desk(scene, report, lang=request.lang, spec=scenefile.read(request.scene), off_screen=False,
                size=(1500, 900))
    window.opened(desk, pipeline.output_folder(request.scene, request.out) / "what-if")


def _serve(request: Request, scene: Scene, report: Report, host: str, port: int) -> None:
    from zonebox import pipeline, scenefile
    from zonebox.studio import Desk
    from zonebox.studio.page import Page

    spec = scenefile.read(request.scene)
    desk = Desk(scene, report, lang=request.lang, spec=spec)
    page = Page(desk, pipeline.output_folder(request.scene, request.out) / "what-if" / "scene.toml")
    page.serve(port=port, host=host, ready=lambda at: click.echo(f"http://{host}:{at}/index.html", err=request.as_json))
