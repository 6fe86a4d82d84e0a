// zonebox tiles --serve --client cesium: the same panel over CesiumJS, which is served from where it is installed.
import { say, showColours, showLayers, showPicked, showSun } from './panel.js';
import { layersOf } from './place.js';

const { Cesium } = window;
const state = { ready: false, errors: [], hits: [] };
Cesium.Ion.defaultAccessToken = undefined;
const widget = new Cesium.CesiumWidget('view', {
  baseLayer: false, terrainProvider: new Cesium.EllipsoidTerrainProvider(), skyBox: false, shadows: true,
  msaaSamples: 1, contextOptions: { webgl: { preserveDrawingBuffer: true } },
});
const { scene } = widget;
scene.globe.show = false;
for (const part of [scene.skyAtmosphere, scene.moon]) if (part) part.show = false;
scene.backgroundColor = Cesium.Color.fromCssColorString('#dfe9f2');
Object.assign(scene.shadowMap, { size: 4096, darkness: 0.5 });
scene.shadowMap.maximumDistance = 10_000;
scene.renderError.addEventListener((_, error) => { state.errors.push(String(error)); say(String(error)); });

const SEEN_THROUGH = ['envelopes', 'findings'];
let layers = [];

// The style file that lies beside a layer; a tileset without one keeps its colours.
async function styleOf(url) {
  const answer = await fetch(new URL('style.json', url));
  return answer.ok ? answer.json() : null;
}

// Names of a layer's properties, from its schema, or its extras in 1.0.
async function declaredOf(url) {
  const { schema, extras } = await (await fetch(url)).json();
  return extras?.declared ?? Object.assign({}, ...Object.values(schema?.classes ?? {}).map(c => c.properties));
}

function colour({ tiles, style }, on) {
  const replaced = on && style?.color?.conditions;
  tiles.colorBlendMode = Cesium.Cesium3DTileColorBlendMode[replaced ? 'REPLACE' : 'HIGHLIGHT'];
  tiles.style = on && style ? new Cesium.Cesium3DTileStyle(style) : undefined;
}

function named(layer) {
  return { layer: layer?.name ?? 'tileset', declared: layer?.declared };
}

function pick(x, y) {
  const found = scene.drillPick(new Cesium.Cartesian2(x, y), 12);
  return found.filter(feature => feature.getPropertyIds).map(feature => ({
    ...named(layers.find(layer => layer.tiles === (feature.tileset ?? feature.primitive))),
    values: Object.fromEntries(feature.getPropertyIds().map(id => [id, feature.getProperty(id)])),
  }));
}

window.zonebox = {
  state, pick,
  screen: (x, y, z) => {
    const seen = Cesium.SceneTransforms.worldToWindowCoordinates(scene, new Cesium.Cartesian3(x, y, z));
    return seen ? [seen.x, seen.y] : null;
  },
};

try {
  const tileset = await layersOf('/tiles/' + (new URLSearchParams(location.search).get('tileset') ?? 'tileset.json'));
  layers = await Promise.all(tileset.layers.map(async ({ name, url }) => {
    const tiles = scene.primitives.add(await Cesium.Cesium3DTileset.fromUrl(url, {
      pointCloudShading: { attenuation: true, maximumAttenuation: 4 },
    }));
    tiles.tileFailed.addEventListener(({ url: failed, message }) => state.errors.push(`${failed}: ${message}`));
    if (SEEN_THROUGH.includes(name)) tiles.shadows = Cesium.ShadowMode.DISABLED;
    const at = new URL(url, location);
    return { name, tiles, style: await styleOf(at), declared: await declaredOf(at) };
  }));
  showSun(tileset.place, (moment, _, shadows) => {
    if (moment !== null) widget.clock.currentTime = Cesium.JulianDate.fromDate(new Date(moment));
    widget.clock.shouldAnimate = false;
    scene.shadowMap.enabled = shadows;
  });
  showLayers(tileset.layers, (layer, shown) => { layers.find(l => l.name === layer.name).tiles.show = shown; });
  showColours(on => { for (const layer of layers) colour(layer, on); });
  const sphere = new Cesium.BoundingSphere(Cesium.Cartesian3.fromArray(tileset.place.middle), tileset.place.radius);
  widget.camera.viewBoundingSphere(sphere, new Cesium.HeadingPitchRange(0.5, -0.6, tileset.place.radius * 1.6));
  widget.camera.lookAtTransform(Cesium.Matrix4.IDENTITY);
  new Cesium.ScreenSpaceEventHandler(scene.canvas).setInputAction(({ position }) => {
    state.hits = pick(position.x, position.y);
    showPicked(state.hits);
  }, Cesium.ScreenSpaceEventType.LEFT_CLICK);
  let quiet = 0;
  scene.postRender.addEventListener(() => {
    quiet = layers.every(({ tiles }) => !tiles.show || tiles.tilesLoaded) ? quiet + 1 : 0;
    state.ready = quiet > 3;
  });
} catch (error) {
  state.errors.push(String(error));
  say(String(error));
}
