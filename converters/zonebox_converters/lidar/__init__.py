"""Surveys to ground: LAS, LAZ and COPC tiles, or elevation rasters, become one `Terrain`.

The way of a point: `cloud` opens the files and streams classified points, `crs` decides where they lie, `ground` keeps
one point per place, `refine` lays the coarsest surface that stays within the stated error of all of them, `cache`
remembers the result. `terrain` is the sum of it. `survey` streams the points of any class, for checks of what was
built;
`dem` makes the same of elevation rasters, which `raster` reads.
"""

from zonebox_converters.lidar.dem import read_dem
from zonebox_converters.lidar.pads import graded
from zonebox_converters.lidar.survey import entries, points, scans
from zonebox_converters.lidar.terrain import read
from zonebox_converters.lidar.water import flattened, outlines_entry, read_outlines

__all__ = ["entries", "flattened", "graded", "outlines_entry", "points", "read", "read_dem", "read_outlines", "scans"]
