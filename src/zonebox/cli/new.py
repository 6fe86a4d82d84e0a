"""`zonebox new`: a scene file from a handful of files."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("new", epilog="Example: zonebox new my_site --parcels scenes/riverside_block/parcels.shp")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.argument("files", nargs=-1)
@click.option("--parcels", "parcels", metavar="F", help="The parcels with their indicators.")
@click.option("--roads", metavar="F", help="Streets: areas or centrelines.")
@click.option("--lines", metavar="F", help="Typed control lines.")
@click.option("--rules", metavar="F", multiple=True, help="A rule pack; repeatable.")
@click.option("--ifc", metavar="F", multiple=True, help="A design; repeatable.")
@click.option("--lidar", metavar="F", multiple=True, help="A point cloud or a folder of them; repeatable.")
@click.option("--dem", metavar="F", multiple=True, help="An elevation raster; repeatable.")
@click.option("--context", metavar="F", multiple=True, help="A city model of what stands; repeatable.")
@click.option("--crs", default="", help="The scene's CRS, horizontal+vertical, where you know it.")
@click.option("--title", default="", help="Title of the scene. Default: the folder's name.")
@click.option("--force", is_flag=True, help="Overwrite a scene.toml that is there.")
def command(folder: Path, files: tuple[str, ...], *, parcels: str | None, roads: str | None, lines: str | None,
            crs: str, title: str, force: bool, **several: tuple[str, ...]) -> int:
    """Write DIR/scene.toml from the files named: what was recognised is filled in, open questions are marked.

    FILES without an option are recognised by what they hold. The questions are printed; the files stay where they are.
    """
    from zonebox.drafting import draft
    from zonebox.errors import OutputExistsError

    target = folder / "scene.toml"
    if target.exists() and not force:
        raise OutputExistsError(f"{target}: got a scene that is there already, want a new folder; or use --force")
    sources = [*(f for f in (parcels, roads, lines) if f), *(f for group in several.values() for f in group), *files]
    if not sources:
        raise click.UsageError("No file was named: --parcels F at the least")
    made = draft(folder, list(dict.fromkeys(sources)), crs=crs, title=title)
    folder.mkdir(parents=True, exist_ok=True)
    target.write_text(made.text, encoding="utf-8")
    click.echo(target)
    for question in made.questions:
        click.echo(f"? {question}", err=True)
    if not made.questions:
        click.echo(f"next: zonebox run {folder}", err=True)
    return 0
