"""Every key that a scene file may have, table by table, and what may stand behind it.

An unknown key is refused with the nearest known name, because a misspelt `vertical_shift_m` that is silently ignored
costs a permit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

KEYS: Final[Mapping[str, Mapping[str, type | tuple[type, ...]]]] = {
    "": {"scene": dict, "plan": dict, "terrain": dict, "as_built": dict, "context": list, "design": list,
         "outputs": dict, "tiles": dict},
    "scene": {"title": str, "title_zh": str, "crs": str, "vertical_shift_m": (int, float),
              "vertical_shift_source": str, "data_root": str, "grids": list, "local": dict},
    "scene.local": {"helmert": dict, "affine": list, "control_points": list, "method": str,
                    "max_residual_m": (int, float)},
    "plan": {"parcels": str, "crs": str, "rules": list, "roads": str, "lines": str, "fields": dict, "authority": dict,
             "decimal": str, "on": str, "area_rule": str, "where": str, "within": str, "table": str, "table_on": str,
             "zones": str, "edges": str, "drawing_unit": str, "height_unit": str, "storey_height_m": (int, float),
             "design_ground_m": (int, float), "code_system": str},
    "plan.authority": {"document": str, "version": str, "status": str, "valid_from": str, "valid_to": str},
    "terrain": {"points": list, "dem": list, "crs": str, "max_error_m": (int, float), "memory_mb": int, "water": str},
    "as_built": {"points": list, "before": list, "crs": str, "classes": list, "sigma_obs_m": (int, float),
                 "sigma_datum_m": (int, float), "sigma_limit_m": (int, float)},
    "context": {"source": str, "crs": str, "lod": str, "demolished": list},
    "design": {"id": str, "source": str, "parcel": str, "variant": str, "placement": dict, "moved": dict},
    "design.placement": {"easting": (int, float), "northing": (int, float), "elevation": (int, float),
                         "rotation_deg": (int, float)},
    "outputs": {"database": str, "envelopes": list},
    "tiles": {"compress": str, "implicit": bool, "volumes": str, "scheduler": str, "properties": list},
    "design.moved": {"east_m": (int, float), "north_m": (int, float), "up_m": (int, float), "turn_deg": (int, float)},
}
REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "": ("scene", "plan"), "scene": ("title", "crs"), "plan": ("parcels",), "as_built": ("points",),
    "context": ("source",), "design": ("id", "source"), "design.placement": ("easting", "northing", "elevation"),
}
WORDS: Final[Mapping[object, str]] = {
    int: "a whole number", str: "text", dict: "a table", list: "a list", (int, float): "a number",
    bool: "true or false",
}
