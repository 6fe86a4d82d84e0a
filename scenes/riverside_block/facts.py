"""State what the riverside block is meant to show: the numbers make.py builds and the tests expect.

Lengths are metres, areas square metres, ratios 0-1 unless a name ends in ``_pct``. Heights called
``top`` are above the parcel's design ground, which is also the zero of each IFC file.
"""

from __future__ import annotations

from typing import NamedTuple


class Design(NamedTuple):
    """The intended facts of one IFC design."""

    id: str
    file: str
    parcel: str
    unit_m: float
    turn_deg: float
    storeys: int
    footprint_m2: float
    floor_area_m2: float
    parapet_top_m: float
    plant_top_m: float


CRS = "EPSG:4548+5737"
VERTICAL_SHIFT_M = -6.64

HARBOUR = Design(
    id="harbour-house",
    file="harbour_house.ifc",
    parcel="A-05",
    unit_m=1.0,
    turn_deg=6.0,
    storeys=12,
    footprint_m2=3360.0,
    floor_area_m2=19800.0,
    parapet_top_m=50.7,
    plant_top_m=53.1,
)
FERRY = Design(
    id="ferry-terrace",
    file="ferry_terrace.ifc",
    parcel="B-07",
    unit_m=0.001,
    turn_deg=2.0,
    storeys=19,
    footprint_m2=2714.0,
    floor_area_m2=20116.0,
    parapet_top_m=63.42,
    plant_top_m=66.6,
)

# What the table allows on the two parcels with a design.
HARBOUR_LIMITS = {"RJL": 2.5, "JZMD": 50.0, "JZGD": 55.0, "LDL": 20.0}
FERRY_LIMITS = {"RJL": 2.2, "JZMD": 40.0, "JZGD": 60.0, "LDL": 30.0}

# What Ferry Terrace breaks, and by how much.
FERRY_HEIGHT_EXCESS_M = 3.42
FERRY_PLANT_EXCESS_M = 6.6
FERRY_SETBACK_LIMIT_M = 6.0
FERRY_SETBACK_M = 5.4
FERRY_SETBACK_EXCESS_M = 0.6

# What Ferry Terrace leaves to chance: its balconies stand this far from Riverside Street, where 10 m are asked for.
FERRY_STEPBACK_M = 9.97

# Ingredients of the plan that must keep their meaning.
NARROW_PARCEL = "A-04"
NARROW_WIDTH_M = 9.0
ABSOLUTE_PARCEL = "A-07"
ABSOLUTE_LIMIT_M = 52.6
ODD_RING_PARCEL = "B-01"
L_PARCEL = "A-02"
CHAMFERED_PARCEL = "A-03"
NO_CONTROL_PARCELS = ("B-04", "B-05")
NO_FAR_LIMIT_PARCEL = "A-06"
BLANK_GREEN_PARCEL = "A-08"
HERITAGE_PARCEL = "B-03"
HERITAGE_CAP_PARCEL = "B-06"
HERITAGE_CAP_M = 12.0
