"""IFC to `zonebox.model.Building`: its place, elements and storeys, and one closed solid for the checks.

The geometry kernels can bring a process down, so they run in child processes only: nothing here loads one into the
caller's.
"""

from zonebox_converters.ifc.georeference import Placement
from zonebox_converters.ifc.reading import read

__all__ = ["Placement", "read"]
