"""Plan + ground -> control envelopes 控规盒子.

`grounds` decides from which elevation heights count, `resolve` turns controls into constraints on edges and ceilings,
`cutting` cuts the lot's prism with them, and `emptiness` says why nothing is left where nothing is.
"""

from zonebox_converters.envelopes.building import build, build_one

__all__ = ["build", "build_one"]
