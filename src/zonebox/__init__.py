"""zonebox: zoning indicators to 3D control envelopes, checked against buildings and exported as 3D Tiles."""

__version__ = "0.1.0"
