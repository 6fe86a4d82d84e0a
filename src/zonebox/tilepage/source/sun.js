// Where the sun stands, to 0.02 degrees for 1950-2050 (low-precision formulas of the Astronomical Almanac, section C).
const RAD = Math.PI / 180;
const DAY_MS = 86_400_000;
const J2000_MS = Date.UTC(2000, 0, 1, 12);

// Azimuth clockwise from north and elevation without refraction, degrees, at a moment (ms, UTC) and place (degrees).
export function sunPosition(moment, latitude, longitude) {
  const days = (moment - J2000_MS) / DAY_MS;
  const anomaly = (357.528 + 0.9856003 * days) * RAD;
  const ecliptic = (280.46 + 0.9856474 * days + 1.915 * Math.sin(anomaly) + 0.02 * Math.sin(2 * anomaly)) * RAD;
  const tilt = (23.439 - 4e-7 * days) * RAD;
  const ascension = Math.atan2(Math.cos(tilt) * Math.sin(ecliptic), Math.cos(ecliptic));
  const declination = Math.asin(Math.sin(tilt) * Math.sin(ecliptic));
  const turned = (280.46061837 + 360.98564736629 * days + longitude) * RAD - ascension;
  const phi = latitude * RAD;
  const east = -Math.cos(declination) * Math.sin(turned);
  const north = Math.sin(declination) * Math.cos(phi) - Math.cos(declination) * Math.cos(turned) * Math.sin(phi);
  const up = Math.sin(declination) * Math.sin(phi) + Math.cos(declination) * Math.cos(turned) * Math.cos(phi);
  return { azimuth: (Math.atan2(east, north) / RAD + 360) % 360, elevation: Math.asin(up) / RAD };
}
