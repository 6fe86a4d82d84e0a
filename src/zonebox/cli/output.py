"""Data on stdout, messages on stderr."""

from __future__ import annotations

import json
import shutil

import click

from zonebox.cli.options import Request
from zonebox.model import Report, Scene
from zonebox.pipeline import RunResult


def show(request: Request, result: RunResult) -> None:
    """Print what was understood, the report, and where the outputs are."""
    from rich.console import Console

    from zonebox.cli import console

    messages = Console(stderr=True, quiet=request.quiet)
    console.show_understood(result.scene, request.lang, messages)
    print_report(request, result.scene, result.report)
    console.show_outputs(result, request.lang, messages)


def groundless(request: Request, scene: Scene) -> None:
    """Say on stderr which parcels have no envelope."""
    from rich.console import Console

    from zonebox.cli import console

    console.show_groundless(scene, request.lang, Console(stderr=True, quiet=request.quiet))


def print_report(request: Request, scene: Scene, report: Report) -> None:
    """Print a report on stdout: a table for people, the contents of `report.json` for programs."""
    if request.as_json:
        from zonebox.report.records import report_record

        click.echo(json.dumps(report_record(scene, report), ensure_ascii=False, indent=2))
        return
    from rich.console import Console

    from zonebox.cli.console import show_report

    show_report(report, request.lang, Console(width=max(shutil.get_terminal_size((140, 40)).columns, 100)))
