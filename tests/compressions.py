"""Compressions of tiles that tests try; meshopt only where its library is, which is published as source alone."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

NEEDS_MESHOPT = pytest.mark.skipif(
    find_spec("meshoptimizer") is None,
    reason="meshoptimizer is published as source only: pip install 'zonebox[meshopt]' where there is a C++ compiler")

MESHOPT = pytest.param("meshopt", marks=NEEDS_MESHOPT)
PACKED = ("quantise", MESHOPT, "draco")
