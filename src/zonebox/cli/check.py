"""`zonebox check`: controls against designs; the exit code is the verdict."""

from __future__ import annotations

import click

from zonebox.cli.options import Request, common


@click.command("check", epilog="Example: zonebox check scenes/riverside_block --json")
@common
def command(request: Request) -> int:
    """Check the designs of SCENE against its controls: a table on screen and report.json.

    Exits 1 when a control is broken, so that it can stand in a continuous-integration job.
    """
    from zonebox import pipeline
    from zonebox.cli import output

    with request.watched() as watch:
        result = pipeline.check(request.scene, request.out, workers=request.workers, force=request.force,
                                watch=watch, memory_mb=request.memory_mb)
    output.show(request, result)
    return 0 if result.report.compliant else 1
