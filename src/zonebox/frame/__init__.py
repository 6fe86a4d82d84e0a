"""Where things are: one metric frame per scene, and the two crossings of its border.

Everything inside zonebox lives in one `Frame`: x = grid east, y = grid north, z = up, metres, with a whole-kilometre
origin taken off the plan coordinates and heights left in the scene's declared vertical datum. Coordinates are
transformed on entry (`Frame.enter`) and when tiles leave for the globe (`Frame.to_ecef`). This is the only package
that knows PROJ.

PROJ answers 0 m for a geoid grid it does not have and says nothing; so every operation here is made with
``only_best=True, allow_ballpark=False``, and a height that cannot be brought over is refused with a remedy.
"""

from zonebox.frame.metric import (
    Entry,
    Frame,
    HeightShift,
)
from zonebox.frame.operations import (
    ecef,
    from_ecef,
    in_area_of_use,
    lon_lat_of,
)
from zonebox.frame.references import (
    AUTHORITIES,
    check_scene_crs,
    crs_label,
    gauss_kruger,
    has_vertical,
    height_unit_m,
    is_geographic,
    known_crs,
    metric_crs_at,
    parts_of,
    same_horizontal,
    short_label,
    unit_m,
)
from zonebox.frame.settling import (
    AGREE_M,
    settle_crs,
)

__all__ = [
    "AGREE_M",
    "AUTHORITIES",
    "Entry",
    "Frame",
    "HeightShift",
    "check_scene_crs",
    "crs_label",
    "ecef",
    "from_ecef",
    "gauss_kruger",
    "has_vertical",
    "height_unit_m",
    "in_area_of_use",
    "is_geographic",
    "known_crs",
    "lon_lat_of",
    "metric_crs_at",
    "parts_of",
    "same_horizontal",
    "settle_crs",
    "short_label",
    "unit_m",
]
