"""Properties that are read when somebody asks say what was written, also from a scene that was kept."""

from __future__ import annotations

import io
import pickle

import pytest

from zonebox import builtcache
from zonebox.model.sheet import Written
from zonebox_converters.ifc.packing import pack_properties
from zonebox_converters.ifc.sheets import apart, together

GIVEN = {
    7: {"Pset_WallCommon.IsExternal": "True", "Pset_WallCommon.FireRating": "EI 90"},
    9: {"墙.编号": "甲"},
    12: {"Pset_WallCommon.IsExternal": "False", "Pset_WallCommon.FireRating": "\"'\\ "},
    13: {},
}


def test_what_was_written_is_read() -> None:
    found = together(*apart(pack_properties(GIVEN.items())))
    assert found == GIVEN
    assert {number: dict(own) for number, own in found.items()} == GIVEN
    assert found[9].get("nothing", "none") == "none"
    with pytest.raises(KeyError):
        found[7]["墙.编号"]


@pytest.mark.parametrize("asked", [False, True])
def test_it_can_be_kept_before_and_after_it_was_read(asked: bool) -> None:
    found = together(*apart(pack_properties(GIVEN.items())))
    if asked:
        assert found[9]["墙.编号"] == "甲"
    again = builtcache._Reader(io.BufferedReader(io.BytesIO(pickle.dumps(found, protocol=5)))).load()
    assert again == GIVEN
    assert isinstance(again[7], Written)
