"""`zonebox report`: the review pack."""

from __future__ import annotations

import click

from zonebox.cli.options import Request, common


@click.command("report", epilog="Example: zonebox report scenes/riverside_block --lang zh")
@common
def command(request: Request) -> int:
    """Check SCENE and write what a reviewer needs: a page, map layers, sheets and BCF topics.

    report.html (prints to PDF), findings.gpkg (opens styled in QGIS), findings.xlsx, findings.bcfzip (BCF 3.0) and
    findings-2.1.bcfzip, beside report.json.
    """
    from zonebox import pipeline
    from zonebox.cli import output

    with request.watched() as watch:
        result = pipeline.review(request.scene, request.out, workers=request.workers, lang=request.lang,
                                 force=request.force, watch=watch, memory_mb=request.memory_mb)
    output.show(request, result)
    return 0
