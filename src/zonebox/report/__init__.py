"""Scene + Report -> files for people and programs: a record, a page, map layers, sheets, BCF topics.

Each output has its writer ``write_x(scene, report, path, *, lang)``, and `write_all` calls them all. The same scene and
report give the same bytes; a file is complete under its name or was never touched.
"""

from zonebox.report.bcf import write_bcf
from zonebox.report.geopackage import write_geopackage
from zonebox.report.page import write_page
from zonebox.report.provenance import write_run
from zonebox.report.records import write_report
from zonebox.report.sight import Camera, cameras
from zonebox.report.workbook import write_workbook
from zonebox.report.writing import FILES, write_all

__all__ = [
    "FILES",
    "Camera",
    "cameras",
    "write_all",
    "write_bcf",
    "write_geopackage",
    "write_page",
    "write_report",
    "write_run",
    "write_workbook",
]
