"""Every number that zonebox calls small, with its unit and where it comes from."""

from __future__ import annotations

from typing import Final

SNAP_M: Final = 1e-3
"""Vertices closer than this are one vertex; applied once, on entry (val3dity snaps at 0.001 m)."""

WELD_M: Final = 1e-5
"""Corners of one modelled solid closer than this are the same corner (float noise of the geometry kernels)."""

SHORT_EDGE_M: Final = 0.05
"""A boundary edge shorter than this is drafting noise (domain C1.1)."""

COLLINEAR_DEG: Final = 3.0
"""A turn smaller than this continues the same boundary chain (domain C1.2) ..."""

STRAIGHT_DEG: Final = 0.5
"""A corner of a lot that turns less is straight: a yard ends there, round the end of its edge."""

COLLINEAR_SAGITTA_M: Final = 0.10
"""... where it also bulges less than this."""

PLAN_M: Final = 0.05
"""Default tolerance of a horizontal distance check: survey practice, 0.05 m point error (domain D)."""

HEIGHT_M: Final = 0.05
"""Default tolerance of a height check (domain D)."""

AREA_M2: Final = 1.0
"""Default absolute tolerance of an area (domain D) ..."""

AREA_RATIO: Final = 0.005
"""... and relative: the larger of the two holds (domain A2, D)."""

RATIO: Final = 1e-6
"""Two ratios (FAR, coverage) closer than this, relative, are equal (buildingSMART IDS)."""

ARC_SAGITTA_M: Final = 1e-4
"""Largest gap between a swept corner arc and its circumscribed polygon; always on the strict side."""

SPLIT_M: Final = 1e-9
"""A vertex this close to a cutting plane lies on it."""

VOLUME_M3: Final = 1e-6
"""A solid below this volume is empty (domain C10)."""

NOISE: Final = 1e-6
"""A margin smaller than this (metres, or a ratio) is zero: what rounding leaves after moving and cutting."""

TERRAIN_M: Final = 0.10
"""Default largest vertical distance between the terrain TIN and the ground points it was made from."""

INSCRIBED_WIDTH_M: Final = 3.0
"""A remainder of a lot narrower than this is reported as unusable (domain C3)."""
