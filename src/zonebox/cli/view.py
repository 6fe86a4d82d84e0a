"""`zonebox view`: the scene in a window, or as a picture without a screen."""

from __future__ import annotations

from pathlib import Path

import click

from zonebox.cli.options import Request, common


@click.command("view", epilog="Example: zonebox view scenes/riverside_block --screenshot riverside.png")
@common
@click.option("--screenshot", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="Write a PNG instead of opening a window; needs no screen.")
@click.option("--variant", default="", help="Show only this variant's designs.")
def command(request: Request, *, screenshot: Path | None, variant: str) -> int:
    """Show SCENE: terrain, context, envelopes, designs, and what breaks a control in red."""
    from zonebox import pipeline
    from zonebox.cli import output

    if screenshot is not None:
        pipeline.guard_picture(screenshot, force=request.force)
    with request.watched() as watch:
        scene, report = pipeline.checked(request.scene, request.out, workers=request.workers, variant=variant,
                                         force=request.force, watch=watch)
        if screenshot is not None:
            with watch.step("picture"):
                pipeline.picture(scene, report, screenshot, lang=request.lang)
    if request.as_json:
        output.print_report(request, scene, report)
    if screenshot is None:
        pipeline.window(scene, report, lang=request.lang)
    elif not request.as_json:
        click.echo(screenshot)
    return 0
