"""Where the sun stands (domain D7): declination of a day, altitude and azimuth at an hour of true solar time."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Final

BASE_YEAR: Final = 2001
"""Year whose declinations stand for a day of the year (GB/T 50947-2014)."""

_J2000: Final = datetime(2000, 1, 1, 12, tzinfo=UTC)


def declination_deg(month: int, day: int, *, year: int = BASE_YEAR, hour_utc: float = 4.0) -> float:
    """Declination of the sun on a day, degrees.

    The formulas are Meeus' of low accuracy (0.01 degrees), as NOAA publishes them; 4 h UTC is noon at 120 degrees east.

    Raises
    ------
    ValueError
        A day that the calendar does not have.

    Examples
    --------
    >>> round(declination_deg(1, 20), 3), round(declination_deg(12, 22), 3)
    (-20.115, -23.439)
    """
    moment = datetime(year, month, day, tzinfo=UTC) + timedelta(hours=hour_utc)
    t = (moment - _J2000).total_seconds() / 86400.0 / 36525.0
    mean_longitude = 280.46646 + t * (36000.76983 + t * 0.0003032)
    anomaly = math.radians(357.52911 + t * (35999.05029 - 0.0001537 * t))
    centre = (math.sin(anomaly) * (1.914602 - t * (0.004817 + 0.000014 * t))
              + math.sin(2 * anomaly) * (0.019993 - 0.000101 * t) + math.sin(3 * anomaly) * 0.000289)
    node = math.radians(125.04 - 1934.136 * t)
    longitude = math.radians(mean_longitude + centre - 0.00569 - 0.00478 * math.sin(node))
    obliquity = 23.0 + (26.0 + (21.448 - t * (46.815 + t * (0.00059 - t * 0.001813))) / 60.0) / 60.0
    tilt = math.radians(obliquity + 0.00256 * math.cos(node))
    return math.degrees(math.asin(math.sin(tilt) * math.sin(longitude)))


def altitude_azimuth(latitude_deg: float, declination: float, hour: float) -> tuple[float, float]:
    """Altitude of the sun and its true bearing clockwise from north, degrees, at an hour of true solar time.

    sin a = sin φ sin δ + cos φ cos δ cos ω; the azimuth by atan2, from south, west positive.

    Examples
    --------
    >>> [round(v, 3) for v in altitude_azimuth(39.9, -20.2, 8.0)]
    [7.961, 124.848]
    >>> [round(v, 3) for v in altitude_azimuth(-33.9, -23.44, 12.0)]      # south of the sun: it stands in the north
    [79.54, 360.0]
    """
    phi, delta, omega = math.radians(latitude_deg), math.radians(declination), math.radians(15.0 * (hour - 12.0))
    altitude = math.asin(max(-1.0, min(1.0, math.sin(phi) * math.sin(delta)
                                       + math.cos(phi) * math.cos(delta) * math.cos(omega))))
    from_south = math.atan2(math.sin(omega), math.cos(omega) * math.sin(phi) - math.tan(delta) * math.cos(phi))
    return math.degrees(altitude), math.degrees(from_south) + 180.0


def sun_vector(
    latitude_deg: float, declination: float, hour: float, *, convergence_deg: float = 0.0
) -> tuple[float, float, float]:
    """Point a unit vector at the sun: x grid east, y grid north; grid bearing = true bearing − convergence.

    >>> [round(v, 6) for v in sun_vector(39.9, -20.2, 12.0)]
    [0.0, -0.866897, 0.498488]
    """
    altitude, bearing = altitude_azimuth(latitude_deg, declination, hour)
    a, grid = math.radians(altitude), math.radians(bearing - convergence_deg)
    return math.sin(grid) * math.cos(a), math.cos(grid) * math.cos(a), math.sin(a)
