"""`zonebox tiles`: the scene as OGC 3D Tiles, the check that a tileset is sound, and a page that shows it."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import click

from zonebox.cli.options import Request, common, scheduler
from zonebox.compression import COMPRESSIONS, VOLUMES
from zonebox.words import word


@click.command("tiles", epilog="Example: zonebox tiles scenes/riverside_block -o out")
@click.option("--verify", "verify_only", is_flag=True,
              help="Check the tileset in the folder (or tileset.json) given in place of SCENE; exit 1 if it is not "
                   "sound.")
@click.option("--tiles-version", "--version", "version", type=click.Choice(("1.1", "1.0")), default="1.1",
              show_default=True, help="Of 3D Tiles: 1.1 writes GLB with metadata, 1.0 writes b3dm for older platforms.")
@click.option("--compress", type=click.Choice(COMPRESSIONS), default=None,
              help="Of vertices: quantise moves none by 7 mm or more, meshopt and draco pack them too. Default: "
                   "[tiles] compress of the scene, then none.")
@click.option("--implicit/--explicit", "implicit", default=None,
              help="Layers of separate features as implicit quadtrees with subtree files (1.1 only). Default: [tiles] "
                   "implicit of the scene, then explicit.")
@click.option("--volumes", type=click.Choice(VOLUMES), default=None,
              help="Of the roots: boxes, or regions of longitude, latitude and height for platforms that want them. "
                   "Default: [tiles] volumes of the scene, then box.")
@click.option("--points", is_flag=True,
              help="Add the laser scans of the scene as a layer, every point with class and intensity: glTF points, or "
                   "pnts in 1.0.")
@scheduler
@click.option("--serve", is_flag=True,
              help="Show the result, or a folder of tiles given in place of SCENE, on a local page until Ctrl-C.")
@click.option("--client", type=click.Choice(("three", "cesium")), default="three", show_default=True,
              help="What draws the page: the three.js that comes with zonebox, or an installed CesiumJS.")
@click.option("--cesium", type=click.Path(path_type=Path, file_okay=False), default=None,
              help="Folder of CesiumJS. Default: ZONEBOX_CESIUM, then node_modules here.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Of the page. Default: any that is free.")
@click.option("--browser/--no-browser", default=True, help="Open the page, or only print its address.")
@common
def command(request: Request, verify_only: bool, version: str, points: bool, serve: bool, compress: str | None,
            scheduler: str | None, implicit: bool | None, volumes: str | None, **page: Any) -> int:
    """Export SCENE as 3D Tiles: OUT/tiles/tileset.json and one tileset per layer."""
    if verify_only:
        return _verify(request.scene, request)
    how: dict[str, Any] = {"version": version, "points": points, "compression": compress, "scheduler": scheduler,
                           "implicit": implicit, "volumes": volumes}
    if serve:
        there = (request.scene / "tileset.json").is_file()
        tiles = request.scene if there else _exported(request, told=False, **how).parent
        return _serve(tiles, lang=request.lang, **page)
    _exported(request, told=True, **how)
    return 0


def _serve(tiles: Path, *, lang: str, client: str, cesium: Path | None, port: int, browser: bool) -> int:
    """Print the page's address, open it, and serve it until the user ends the program."""
    import threading
    import webbrowser

    from zonebox.tilepage import serving

    with serving(tiles, client=client, cesium=cesium, port=port) as address:
        page = f"{address}?lang={lang}"
        click.echo(page)
        if browser:
            webbrowser.open(page)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
    return 0


def _verify(tileset: Path, request: Request) -> int:
    """Print one line for each problem of a tileset, or all of them as JSON."""
    from zonebox.errors import InputError
    from zonebox_converters import tiles

    path = tileset / "tileset.json" if tileset.is_dir() else tileset
    if not path.is_file():
        raise InputError(tileset, got="no such tileset", want="a folder with tileset.json, or a tileset's JSON file",
                         then="name the folder that zonebox tiles wrote")
    problems = tiles.verify(path)
    if request.as_json:
        rows = [{"file": p.file, "place": p.place, "text": p.text} for p in problems]
        click.echo(json.dumps({"tileset": path.as_posix(), "problems": rows}, ensure_ascii=False, indent=1))
    else:
        for problem in problems:
            click.echo(str(problem))
        if not problems and not request.quiet:
            click.echo(f"{path}: {word('tiles.sound', request.lang)}", err=True)
    return 1 if problems else 0


def _exported(request: Request, *, told: bool, **how: Any) -> Path:
    """Write the tiles, say where they are if they are to be ``told``, and return the root tileset."""
    from zonebox import pipeline
    from zonebox.cli import output

    with request.watched() as watch:
        result = pipeline.export_tiles(request.scene, request.out, workers=request.workers, force=request.force,
                                       watch=watch, memory_mb=request.memory_mb, **how)
    output.groundless(request, result.scene)
    for remark in result.remarks:
        click.echo(remark, err=True)
    if told and request.as_json:
        output.print_report(request, result.scene, result.report)
    elif told:
        click.echo(result.outputs["tiles"])
    return result.outputs["tiles"]
