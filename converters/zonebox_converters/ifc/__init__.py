"""IFC to `zonebox.model.Building`: its place, elements and storeys, and one closed solid for the checks.

Parser and geometry kernels can bring a process down, so they run in child processes only: nothing here loads one into
the caller's. What a child imports is loaded on first use, so that it starts fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zonebox_converters.ifc.georeference import Placement
    from zonebox_converters.ifc.reading import read

__all__ = ["Placement", "read"]


def __getattr__(name: str) -> Any:
    """Load the reader when it is asked for."""
    if name == "read":
        from zonebox_converters.ifc.reading import read

        return read
    if name == "Placement":
        from zonebox_converters.ifc.georeference import Placement

        return Placement
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
