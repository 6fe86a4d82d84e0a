"""Plan data as planning offices deliver it -> `zonebox.model.Plan`.

`read` understands the parcel table (fields, units, limits that mean "no limit"), cleans the lots, labels their edges
from the street layer and adds the controls of rule packs. `extent` tells where a plan lies before a frame exists.
"""

from zonebox_converters.zoning.disagreement import suspected_places
from zonebox_converters.zoning.reading import extent, read
from zonebox_converters.zoning.spec import PlanSpec

__all__ = ["PlanSpec", "extent", "read", "suspected_places"]
