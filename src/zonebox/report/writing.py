"""Everything that a report is written as, in one go."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from zonebox.model import Report, Scene
from zonebox.report.bcf import write_topics
from zonebox.report.geopackage import write_geopackage
from zonebox.report.page import NO_PICTURES, write_page
from zonebox.report.records import write_report
from zonebox.report.sight import NO_CAMERAS, Camera
from zonebox.report.topics import topics_of
from zonebox.report.workbook import write_workbook
from zonebox.words import Language

FILES: Final[Mapping[str, str]] = {
    "report": "report.json", "html": "report.html", "geopackage": "findings.gpkg", "workbook": "findings.xlsx",
    "bcf": "findings.bcfzip", "bcf21": "findings-2.1.bcfzip",
}
"""Output -> file name."""


def write_all(
    scene: Scene, report: Report, folder: Path, *, lang: Language = "en", pictures: Mapping[str, bytes] = NO_PICTURES,
    cameras: Mapping[str, Camera] = NO_CAMERAS, progress: Callable[[int, int], None] | None = None,
) -> dict[str, Path]:
    """Write every output into a folder; return output -> path.

    Parameters
    ----------
    pictures : mapping
        Finding id -> PNG of its place in space, for the page and for the topics' snapshots.
    cameras : mapping
        Finding id -> camera that its picture was taken with; chosen anew for findings that have none.
    progress : callable, optional
        Told (done, total) after each file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    topics = functools.cache(lambda: topics_of(scene, report, pictures, lang, cameras))
    at = {name: folder / file for name, file in FILES.items()}
    steps: dict[str, Callable[[], Path]] = {
        "report": lambda: write_report(scene, report, at["report"]),
        "html": lambda: write_page(scene, report, at["html"], lang=lang, pictures=pictures),
        "geopackage": lambda: write_geopackage(scene, report, at["geopackage"], lang=lang),
        "workbook": lambda: write_workbook(scene, report, at["workbook"], lang=lang),
        "bcf": lambda: write_topics(scene, topics(), at["bcf"], version="3.0"),
        "bcf21": lambda: write_topics(scene, topics(), at["bcf21"], version="2.1"),
    }
    written: dict[str, Path] = {}
    for done, (name, step) in enumerate(steps.items(), start=1):
        written[name] = step()
        if progress is not None:
            progress(done, len(steps))
    return written
