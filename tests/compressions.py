"""Compressions of tiles that tests try; meshopt not on Intel Macs, for which its library has no wheel."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

NEEDS_MESHOPT = pytest.mark.skipif(find_spec("meshopt") is None, reason="meshopt has no wheel for this machine")

MESHOPT = pytest.param("meshopt", marks=NEEDS_MESHOPT)
PACKED = ("quantise", MESHOPT, "draco")
