"""Measuring, cutting and sunlight on a desk, as values and arithmetic."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from zonebox.errors import InputError
from zonebox.frame import Frame

Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What is cut away: all before an upright plane, and the designs above a storey.

    Parameters
    ----------
    direction : str
        ``""`` for none; ``north``: one looks north at the section; ``east`` likewise.
    offset_m : float
        Where the plane stands, metres north or east of the scene's middle.
    storey : str
        Id of the last storey of a design that stays, as ``design/storey``; "" for all.
    """

    direction: str = ""
    offset_m: float = 0.0
    storey: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sun:
    """Day of the year and hour of true solar time; 12 is when the sun stands highest."""

    month: int
    day: int
    hour: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SunPosition:
    """Where the sun stands: altitude and true bearing in degrees, and the unit vector to it in the frame."""

    altitude_deg: float
    bearing_deg: float
    toward: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """From one point to another: metres along the line, on the level, and upward."""

    distance_m: float
    level_m: float
    rise_m: float


def measured(one: Point, two: Point) -> Measure:
    """Measure between two points.

    >>> measured((0.0, 0.0, 0.0), (3.0, 4.0, 12.0))
    Measure(distance_m=13.0, level_m=5.0, rise_m=12.0)
    """
    level = math.hypot(two[0] - one[0], two[1] - one[1])
    rise = two[2] - one[2]
    return Measure(distance_m=math.hypot(level, rise), level_m=level, rise_m=rise)


def sun_over(frame: Frame, middle: Point, sun: Sun) -> SunPosition:
    """Find the sun over a place of the frame (domain D7); the grid's convergence turns true north into grid north.

    Raises
    ------
    InputError
        A day that the calendar does not have, or an hour outside 0–24.
    """
    from zonebox_converters.zoning.sun import altitude_azimuth, declination_deg, sun_vector

    if not 0.0 <= sun.hour <= 24.0:
        raise InputError("sun/hour", got=f"{sun.hour:g}", want="an hour of true solar time, 0 to 24")
    longitude, latitude = (float(v) for v in frame.lon_lat(np.array([middle[:2]]))[0][:2])
    try:
        declination = declination_deg(sun.month, sun.day, hour_utc=12.0 - longitude / 15.0)
    except ValueError:
        raise InputError("sun/day", got=f"{sun.month}-{sun.day}", want="a day of the calendar, month and day") from None
    altitude, bearing = altitude_azimuth(latitude, declination, sun.hour)
    turn = frame.convergence_deg(np.array(middle[:2]))
    return SunPosition(altitude_deg=altitude, bearing_deg=bearing,
                       toward=sun_vector(latitude, declination, sun.hour, convergence_deg=turn))
