// Where a tileset stands: its middle, size and, on the globe, latitude and longitude (degrees).
const A = 6378137.0;
const E2 = 6.69437999014e-3;
const ON_GLOBE_M = 6.2e6;

export function placeOf(root) {
  const { box, region, sphere } = root.boundingVolume;
  const transform = root.transform;
  if (region) {
    const [west, south, east, north, low, high] = region;
    const middle = ecef((south + north) / 2, (west + east) / 2, (low + high) / 2);
    const corner = ecef(south, west, low);
    return located(middle, Math.hypot(...middle.map((v, k) => v - corner[k])));
  }
  const given = sphere ?? box;
  const middle = applied(transform, given.slice(0, 3), 1);
  if (sphere) return located(middle, sphere[3]);
  const axes = [3, 6, 9].map(k => applied(transform, box.slice(k, k + 3), 0));
  return located(middle, Math.hypot(...axes.map(axis => Math.hypot(...axis))));
}

function located(middle, radius) {
  if (Math.hypot(...middle) < ON_GLOBE_M) return { middle, radius, latitude: null, longitude: null };
  const [x, y, z] = middle;
  const flat = Math.hypot(x, y);
  let latitude = Math.atan2(z, flat * (1 - E2));
  for (let round = 0; round < 5; round++) {
    const sine = Math.sin(latitude);
    latitude = Math.atan2(z + A / Math.sqrt(1 - E2 * sine * sine) * E2 * sine, flat);
  }
  return { middle, radius, latitude: latitude * 180 / Math.PI, longitude: Math.atan2(y, x) * 180 / Math.PI };
}

function ecef(latitude, longitude, height) {
  const sine = Math.sin(latitude);
  const normal = A / Math.sqrt(1 - E2 * sine * sine);
  const flat = (normal + height) * Math.cos(latitude);
  return [flat * Math.cos(longitude), flat * Math.sin(longitude), (normal * (1 - E2) + height) * sine];
}

function applied(m, [x, y, z], w) {
  return m ? [0, 1, 2].map(k => m[k] * x + m[k + 4] * y + m[k + 8] * z + m[k + 12] * w) : [x, y, z];
}

// The layers of a root tileset: external tilesets below it, by their folders; itself where it has none.
export async function layersOf(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  const { root } = await answer.json();
  const outer = (root.children ?? []).map(tile => tile.content?.uri ?? '').filter(uri => /^[^/:]+\/[^/]+\.json$/.test(uri));
  const whole = outer.length === 0 || outer.length !== (root.children ?? []).length || root.transform || root.content;
  const layers = whole ? [{ name: 'tileset', url: address }]
    : outer.map(uri => ({ name: decodeURIComponent(uri.split('/')[0]), url: new URL(uri, new URL(address, location)).href }));
  return { layers, place: placeOf(root) };
}
