"""`zonebox envelopes`: the envelopes alone, for other programs."""

from __future__ import annotations

import json

import click

from zonebox.cli.options import Request, common


@click.command("envelopes", epilog="Example: zonebox envelopes scenes/riverside_block -o envelopes.ifc")
@common
@click.option("--schema", type=click.Choice(("IFC4X3_ADD2", "IFC4")), default="IFC4X3_ADD2", show_default=True,
              help="Schema of an .ifc.")
def command(request: Request, *, schema: str) -> int:
    """Write the control envelopes of SCENE into one file.

    Its ending chooses the format: solids as .ifc .city.json .glb .obj .dxf, the table of envelopes as .gpkg .csv .json.
    """
    from zonebox import pipeline
    from zonebox_converters import exchange

    if request.out is None:
        raise click.UsageError("Missing option '-o' / '--out': the file to write, e.g. -o envelopes.ifc")
    exchange.check_target(request.out, schema=schema, force=request.force)
    folder = pipeline.claim(pipeline.output_folder(request.scene, None), force=request.force)
    with request.watched() as watch:
        scene = pipeline.load(request.scene, cache=folder / "cache", workers=request.workers, watch=watch)
    written = exchange.write(scene, request.out, schema=schema, force=request.force)
    if request.as_json:
        click.echo(json.dumps(exchange.table_rows(scene), ensure_ascii=False, indent=2))
    else:
        click.echo(written)
    return 0


def _ask_for_a_file() -> None:
    """Let -o name the file to write, and --json print its table."""
    for option in command.params:
        if isinstance(option, click.Option) and option.name == "out":
            option.metavar, option.help = "FILE", "File to write.  [required]"
        if isinstance(option, click.Option) and option.name == "as_json":
            option.help = "Print the table of envelopes as JSON on stdout."


_ask_for_a_file()
