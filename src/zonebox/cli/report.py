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
    from zonebox import pipeline, report
    from zonebox.cli import output

    with request.watched() as watch:
        scene, found = pipeline.checked(request.scene, request.out, workers=request.workers, force=request.force,
                                        watch=watch)
        folder = pipeline.output_folder(request.scene, request.out)
        with watch.step("report") as progress:
            written = report.write_all(scene, found, folder, lang=request.lang, progress=progress)
        written["run"] = report.write_run(scene, watch.laps, folder / "run.json")
    output.show(request, pipeline.RunResult(scene=scene, report=found, outputs=written, remarks=()))
    return 0
