"""Point clouds to ground: LAS, LAZ and COPC tiles become one `Terrain`.

The way of a point: `cloud` opens the files and streams classified points, `crs` decides where they lie, `ground` keeps
one point per place, `refine` lays the coarsest surface that stays within the stated error of all of them, `cache`
remembers the result. `terrain` is the sum of it.
"""

from zonebox_converters.lidar.terrain import read

__all__ = ["read"]
