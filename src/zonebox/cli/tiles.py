"""`zonebox tiles`: the scene as OGC 3D Tiles."""

from __future__ import annotations

import click

from zonebox.cli.options import Request, common


@click.command("tiles", epilog="Example: zonebox tiles scenes/riverside_block -o out")
@common
def command(request: Request) -> int:
    """Export SCENE as 3D Tiles 1.1: OUT/tiles/tileset.json and one tileset per layer."""
    from zonebox import pipeline
    from zonebox.cli import output

    with request.watched() as watch:
        result = pipeline.export_tiles(request.scene, request.out, workers=request.workers, force=request.force,
                                       watch=watch)
    if request.as_json:
        output.print_report(request, result.scene, result.report)
    else:
        click.echo(result.outputs["tiles"])
    return 0
