"""`zonebox envelopes`: the envelopes alone, for other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from zonebox.cli.options import Request, common


@click.command("envelopes", epilog="Example: zonebox envelopes scenes/riverside_block -o envelopes.ifc")
@common
@click.option("--schema", type=click.Choice(("IFC4X3_ADD2", "IFC4")), default="IFC4X3_ADD2", show_default=True,
              help="Schema of an .ifc.")
def command(request: Request, *, schema: str) -> int:
    """Write the control envelopes of SCENE into one file.

    Its ending chooses the format: solids as .ifc .city.json .glb .obj .dxf, the table of envelopes as .gpkg .csv .json.
    A URL postgresql://user@host/database writes envelopes and findings into tables of a PostGIS database.
    """
    from zonebox import loading, pipeline
    from zonebox.cli import output
    from zonebox_converters import exchange

    if request.out is None:
        raise click.UsageError("Missing option '-o' / '--out': the file to write, e.g. -o envelopes.ifc")
    if exchange.is_database(str(request.out)):
        return _into_database(request)
    exchange.check_target(request.out, schema=schema, force=request.force)
    folder = pipeline.claim(pipeline.output_folder(request.scene, None), force=request.force)
    with request.watched() as watch:
        scene = loading.load(request.scene, cache=folder / "cache", workers=request.workers, watch=watch,
                             designs=False, memory_mb=request.memory_mb)
    output.groundless(request, scene)
    written = exchange.write(scene, request.out, schema=schema, force=request.force)
    if request.as_json:
        click.echo(json.dumps(exchange.table_rows(scene), ensure_ascii=False, indent=2))
    else:
        click.echo(written)
    return 0


def _into_database(request: Request) -> int:
    """Write envelopes and findings into a database; its URL is never repeated with user or password."""
    from zonebox import pipeline
    from zonebox.cli import output
    from zonebox_converters import exchange

    exchange.check_database(str(request.out))
    with request.watched() as watch:
        scene, report = pipeline.checked(request.scene, workers=request.workers, force=request.force, watch=watch,
                                          memory_mb=request.memory_mb)
    output.groundless(request, scene)
    written = exchange.write_database(scene, report, str(request.out), force=request.force)
    click.echo(json.dumps(exchange.table_rows(scene), ensure_ascii=False, indent=2) if request.as_json else written)
    return 0


class _Target(click.ParamType[Any]):
    """A file, or the URL of a database, which a path would lose a slash of."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Leave URLs as they are."""
        del param, ctx
        return value if "://" in str(value) else Path(value)


def _ask_for_a_file() -> None:
    """Let -o name the file to write, and --json print its table."""
    for option in command.params:
        if isinstance(option, click.Option) and option.name == "out":
            option.metavar, option.help = "FILE", "File or database to write.  [required]"
            option.type = _Target()
        if isinstance(option, click.Option) and option.name == "as_json":
            option.help = "Print the table of envelopes as JSON on stdout."


_ask_for_a_file()
