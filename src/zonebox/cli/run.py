"""`zonebox run`: everything in one go."""

from __future__ import annotations

import click

from zonebox.cli.options import Request, common, scheduler


@click.command("run", epilog="Example: zonebox run scenes/riverside_block")
@common
@click.option("--strict", is_flag=True, help="Exit 1 when a control is broken.")
@scheduler
def command(request: Request, *, strict: bool, scheduler: str | None) -> int:
    """Read SCENE, build envelopes, check designs, write report, 3D Tiles and a picture.

    SCENE is a folder with a scene.toml, or that file itself.
    """
    from zonebox import pipeline
    from zonebox.cli import output

    with request.watched() as watch:
        result = pipeline.run(request.scene, request.out, workers=request.workers, lang=request.lang,
                              force=request.force, watch=watch, memory_mb=request.memory_mb, scheduler=scheduler)
    output.show(request, result)
    return 1 if strict and not result.report.compliant else 0
