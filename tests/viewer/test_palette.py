"""Colours mean one thing each, for every eye."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from zonebox.model import EdgeRole, State
from zonebox.viewer import palette

EYES = {
    "full": np.eye(3),
    "no red": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                        [-0.003882, -0.048116, 1.051998]]),
    "no green": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                          [-0.011820, 0.042940, 0.968881]]),
}
"""Linear RGB as seen by complete protanopes and deuteranopes (Machado, Oliveira & Fernandes 2009)."""


def seen(color: palette.Rgb, eye: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """CIE L*a*b* of a colour through an eye."""
    c = np.array(color) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    linear = np.clip(EYES[eye] @ linear, 0.0, 1.0)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear
    f = np.cbrt(np.maximum(xyz / [0.9505, 1.0, 1.089], 0.008856))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("group", [palette.STATE, palette.ROLE], ids=["states", "roles"])
def test_tones_of_a_group_stay_apart(group: dict[object, palette.Rgb], eye: str) -> None:
    apart = {(a, b): float(np.linalg.norm(seen(group[a], eye) - seen(group[b], eye)))
             for a, b in combinations(group, 2)}
    assert min(apart.values()) > 12.0, min(apart, key=lambda pair: apart[pair])


def test_red_is_kept_for_violations() -> None:
    red = seen(palette.STATE[State.FAIL], "full")
    others = [*palette.ROLE.values(), palette.ENVELOPE, palette.ENVELOPE_EDGE, palette.CONTEXT, palette.WATER,
              *(color for _, color in palette.LAND_USE), *(color for _, color in palette.LINE)]
    assert min(float(np.linalg.norm(red - seen(color, "full"))) for color in others) > 45.0


@pytest.mark.parametrize(("code", "name", "like"), [
    ("R2", "", "residential"), ("070102", "二类城镇住宅用地", "residential"), ("", "居住", "residential"),
    ("B1", "", "commercial"), ("0901", "", "commercial"), ("A33", "", "school"), ("080403", "", "school"),
    ("G1", "", "park"), ("1401", "公园绿地", "park"), ("park", "", "park"), ("E1", "", "water"),
])
def test_codes_and_words_of_a_use_agree(code: str, name: str, like: str) -> None:
    assert palette.land_use(code, name) == palette.land_use(like) != palette.LOT


@pytest.mark.parametrize("code", ["mixed", "", "?", "1504"])
def test_other_uses_are_plain(code: str) -> None:
    assert palette.land_use(code) == palette.LOT


def test_every_state_and_role_has_a_colour() -> None:
    assert set(palette.STATE) == set(State)
    assert set(palette.ROLE) == set(EdgeRole)
