"""`zonebox tiles`: the scene as OGC 3D Tiles, and the check that a tileset is sound."""

from __future__ import annotations

import json
from pathlib import Path

import click

from zonebox.cli.options import Request, common


@click.command("tiles", epilog="Example: zonebox tiles scenes/riverside_block -o out")
@click.option("--verify", "verify_only", is_flag=True,
              help="Check the tileset in the folder (or tileset.json) given in place of SCENE; exit 1 if it is not "
                   "sound.")
@common
def command(request: Request, verify_only: bool) -> int:
    """Export SCENE as 3D Tiles 1.1: OUT/tiles/tileset.json and one tileset per layer."""
    return _verify(request.scene, as_json=request.as_json) if verify_only else _export(request)


def _verify(tileset: Path, *, as_json: bool) -> int:
    """Print one line for each problem of a tileset, or all of them as JSON."""
    from zonebox.errors import InputError
    from zonebox_converters import tiles

    path = tileset / "tileset.json" if tileset.is_dir() else tileset
    if not path.is_file():
        raise InputError(tileset, got="no such tileset", want="a folder with tileset.json, or a tileset's JSON file",
                         then="name the folder that zonebox tiles wrote")
    problems = tiles.verify(path)
    if as_json:
        rows = [{"file": p.file, "place": p.place, "text": p.text} for p in problems]
        click.echo(json.dumps({"tileset": path.as_posix(), "problems": rows}, ensure_ascii=False, indent=1))
    else:
        for problem in problems:
            click.echo(str(problem))
    return 1 if problems else 0


def _export(request: Request) -> int:
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
