"""`zonebox info`: what files hold and what was understood of them."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import click

from zonebox.words import LANGUAGES, Language, default_language, word

if TYPE_CHECKING:
    from zonebox.model import FileInfo


@click.command("info", epilog="Example: zonebox info scenes/riverside_block/parcels.shp")
@click.argument("files", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print the same as JSON on stdout.")
@click.option("--lang", type=click.Choice(LANGUAGES), default=default_language,
              help="Language of the table. Default: from the locale.")
def command(files: tuple[str, ...], *, as_json: bool, lang: Language) -> int:
    """Tell what FILES hold: kind, reference system, extent, units, fields matched and not, values, oddities.

    A file is a vector file (file:layer for one of several layers), a database URL, rules in TOML, IFC, LAS or LAZ (or a
    folder of them), an elevation raster, CityJSON, or a tileset. Exit 2 when one of them cannot be read; the others
    are told all the same.
    """
    from zonebox.errors import ZoneboxError
    from zonebox.inspection import inspect

    infos, failed = [], []
    for file in files:
        try:
            infos.append(inspect(file))
        except ZoneboxError as error:
            failed.append(str(error))
            click.echo(f"zonebox: {error}", err=True)
            continue
        if not as_json:
            _show(infos[-1], lang)
    if as_json:
        rows = [_record(info) for info in infos]
        click.echo(json.dumps({"files": rows, "errors": failed}, ensure_ascii=False, indent=2))
    return 2 if failed else 0


def _record(info: FileInfo) -> dict[str, object]:
    """Turn what was understood into plain values, the rows as an object."""
    return {**dataclasses.asdict(info), "rows": dict(info.rows)}


def _show(info: FileInfo, lang: Language) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    console.print(f"[bold]{escape(info.source)}[/]  {word(f'info.{info.kind}', lang)}")
    facts = [(word("info.crs", lang), info.crs_name), (word("info.heights", lang), info.heights),
             (word("info.extent", lang), _extent(info.extent)), *info.rows]
    table = Table.grid(padding=(0, 2))
    for name, text in facts:
        if text:
            table.add_row(f"  {escape(name)}", escape(text))
    console.print(table)
    if info.fields:
        heads = [word(f"info.{name}", lang) for name in ("field", "meaning", "filled", "values")]
        fields = Table(*heads, box=box.SIMPLE_HEAD, padding=(0, 1))
        for use in sorted(info.fields, key=lambda use: not use.concept):
            span = use.sample if use.low is None else f"{use.low:g} … {use.high:g}"
            fields.add_row(escape(use.name), use.concept or "–", f"{use.filled:,} / {use.total:,}", escape(span[:60]))
        console.print(fields)
    for oddity in info.oddities:
        console.print(f"  [yellow]! {escape(oddity)}[/]", soft_wrap=True)
    console.print()


def _extent(extent: tuple[float, float, float, float] | None) -> str:
    if extent is None:
        return ""
    digits = 6 if max(map(abs, extent)) <= 360 else 2
    low_x, low_y, high_x, high_y = (f"{value:,.{digits}f}" for value in extent)
    return f"x {low_x} … {high_x}  y {low_y} … {high_y}"
