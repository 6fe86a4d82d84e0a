"""Scene -> Report: every control of a design's parcel against the design, one module per family of checks."""

from zonebox.checks.running import run

__all__ = ["run"]
