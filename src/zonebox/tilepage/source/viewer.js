// zonebox tiles --serve: three.js and 3DTilesRenderer show a tileset; `window.zonebox` is what tests hold on to.
import * as THREE from 'three';
import { OrbitControls } from 'three/addons/controls/OrbitControls.js';
import { DRACOLoader } from 'three/addons/loaders/DRACOLoader.js';
import { MeshoptDecoder } from 'three/addons/libs/meshopt_decoder.module.js';
import { TilesRenderer } from '3d-tiles-renderer/three';
import { ImplicitTilingPlugin } from '3d-tiles-renderer/core/plugins';
import { GLTFExtensionsPlugin } from '3d-tiles-renderer/three/plugins';
import { Outlines, featureAt, outline, paint, prepare } from './model.js';
import { say, showColours, showEdges, showLayers, showPicked, showSun } from './panel.js';
import { layersOf } from './place.js';
import { word } from './words.js';

const SHADOW_MAP = 4096;
const CLICK_PX = 4;
const state = { ready: false, errors: [], models: 0, frames: 0, hits: [] };
const options = { byVerdict: false, edges: true };

const renderer = new THREE.WebGLRenderer({ antialias: true, preserveDrawingBuffer: true });
renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
renderer.shadowMap.enabled = true;
renderer.shadowMap.autoUpdate = false;
renderer.shadowMap.type = THREE.PCFShadowMap;
renderer.setClearColor(0xdfe9f2);
document.getElementById('view').append(renderer.domElement);
const scene = new THREE.Scene();
const sky = new THREE.HemisphereLight(0xffffff, 0x8a8f80, 1.6);
const sunlight = new THREE.DirectionalLight(0xfff6e5, 2.2);
scene.add(sky, sunlight, sunlight.target);
const camera = new THREE.PerspectiveCamera(45, 1, 1, 1e5);
const controls = new OrbitControls(camera, renderer.domElement);
const earth = new THREE.Group();
scene.add(earth);
let layers = [];
let drawn = false, shaded = false;      // whether the picture and its shadows show what is there now

// Ask for a new picture: nothing is drawn while nothing moves. Shadows stay as they are when only the camera moves.
function stale(shadows = true) {
  drawn = false;
  shaded &&= !shadows;
}

// East, up and south at the tileset's middle become x, y and z.
function stand({ middle, latitude, longitude }) {
  earth.matrixAutoUpdate = false;
  const frame = new THREE.Matrix4();
  if (latitude === null) {
    frame.makeRotationX(Math.PI / 2);
  } else {
    const phi = THREE.MathUtils.degToRad(latitude), lambda = THREE.MathUtils.degToRad(longitude);
    const east = new THREE.Vector3(-Math.sin(lambda), Math.cos(lambda), 0);
    const up = new THREE.Vector3(Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi));
    frame.makeBasis(east, up, new THREE.Vector3().crossVectors(east, up));
  }
  earth.matrix.copy(frame.setPosition(...middle)).invert();
  earth.updateMatrixWorld(true);
}

function frameCamera(radius) {
  Object.assign(camera, { near: radius / 500, far: radius * 30 });
  camera.position.set(-0.75, 0.8, 1.1).multiplyScalar(radius * 1.2);
  Object.assign(controls, { maxDistance: radius * 10, maxPolarAngle: Math.PI * 0.495 });
  controls.target.set(0, 0, 0);
  controls.update();
}

function shine(sun, shadows, radius) {
  const up = sun !== null && sun.elevation > 0;
  sunlight.intensity = sun === null || up ? 2.2 : 0;
  sky.intensity = sun === null || up ? 1.6 : 0.7;
  sunlight.castShadow = shadows && up;
  const [azimuth, elevation] = up ? [sun.azimuth, sun.elevation].map(THREE.MathUtils.degToRad) : [-0.7, 0.9];
  const toward = new THREE.Vector3(Math.cos(elevation) * Math.sin(azimuth), Math.sin(elevation),
                                   -Math.cos(elevation) * Math.cos(azimuth));
  sunlight.position.copy(toward).multiplyScalar(radius * 2);
  const lens = sunlight.shadow.camera;
  Object.assign(lens, { left: -radius, right: radius, top: radius, bottom: -radius, near: radius * 0.5, far: radius * 3.5 });
  lens.updateProjectionMatrix();
  sunlight.shadow.mapSize.set(SHADOW_MAP, SHADOW_MAP);
  Object.assign(sunlight.shadow, { normalBias: radius / SHADOW_MAP * 4, bias: -4e-4 });
  stale();
}

const draco = new DRACOLoader().setDecoderPath('/page/');

function open({ name, url }) {
  const tiles = new TilesRenderer(url);
  tiles.registerPlugin(new GLTFExtensionsPlugin({
    metadata: true, rtc: true, meshoptDecoder: MeshoptDecoder, dracoLoader: draco, autoDispose: false, plugins: [parser => new Outlines(parser)] }));
  tiles.registerPlugin(new ImplicitTilingPlugin());
  tiles.setCamera(camera);
  tiles.addEventListener('load-model', event => {
    event.scene.userData.declared = tiles.rootTileset?.extras?.declared;     // 1.0 has no place in the content for it
    prepare(event.scene, options);
    state.models++;
  });
  for (const change of ['tile-visibility-change', 'load-model', 'dispose-model']) tiles.addEventListener(change, () => stale());
  tiles.addEventListener('load-error', event => {
    state.errors.push(`${event.url ?? url}: ${event.error}`);
    say(state.errors.at(-1));
  });
  earth.add(tiles.group);
  return { name, tiles };
}

function eachModel(work) {
  for (const { tiles } of layers) tiles.forEachLoadedModel(work);
}

const caster = new THREE.Raycaster();

// Features under a point of the canvas (pixels), nearest first, each once.
function pick(x, y) {
  const { clientWidth, clientHeight } = renderer.domElement;
  caster.setFromCamera(new THREE.Vector2(x / clientWidth * 2 - 1, 1 - y / clientHeight * 2), camera);
  const found = new Map();
  const shown = layers.filter(layer => layer.tiles.group.visible);
  const struck = shown.flatMap(layer => caster.intersectObject(layer.tiles.group, true).map(hit => ({ hit, layer: layer.name })));
  for (const { hit, layer } of struck.sort((a, b) => a.hit.distance - b.hit.distance)) {
    const feature = featureAt(hit);
    if (!feature) continue;
    const key = `${layer}/${JSON.stringify(feature.values)}`;
    if (!found.has(key)) found.set(key, { layer, ...feature });
  }
  return [...found.values()];
}

function resize() {
  stale(false);
  renderer.setSize(innerWidth, innerHeight);
  camera.aspect = innerWidth / innerHeight;
  camera.updateProjectionMatrix();
}

function busy() {
  return layers.some(({ tiles }) => tiles.group.visible
    && (!tiles.rootTileset || tiles.stats.downloading + tiles.stats.parsing + tiles.stats.queued > 0));
}

let quiet = 0;
function draw() {
  controls.update();
  camera.updateMatrixWorld();
  for (const { tiles } of layers) {
    tiles.setResolutionFromRenderer(camera, renderer);
    if (tiles.group.visible) tiles.update();
  }
  quiet = busy() ? 0 : quiet + 1;
  state.ready = quiet > 3;
  if (!state.errors.length) say(state.ready ? '' : word('loading'));
  if (!drawn) {
    renderer.shadowMap.needsUpdate = !shaded;
    drawn = shaded = true;
    renderer.render(scene, camera);
    state.frames++;
  }
  requestAnimationFrame(draw);
}

function listen() {
  let down = null;
  const canvas = renderer.domElement;
  canvas.addEventListener('pointerdown', event => { down = [event.clientX, event.clientY]; });
  canvas.addEventListener('pointerup', event => {
    if (down && Math.hypot(event.clientX - down[0], event.clientY - down[1]) < CLICK_PX) {
      state.hits = pick(event.clientX, event.clientY);
      showPicked(state.hits);
    }
    down = null;
  });
  addEventListener('resize', resize);
}

// Where a point of EPSG:4978 stands on the canvas (pixels).
function screen(x, y, z) {
  const seen = new THREE.Vector3(x, y, z).applyMatrix4(earth.matrix).project(camera);
  return [(seen.x + 1) / 2 * renderer.domElement.clientWidth, (1 - seen.y) / 2 * renderer.domElement.clientHeight];
}

// Look at a point of EPSG:4978 from a distance.
function look(x, y, z, distance) {
  controls.target.set(x, y, z).applyMatrix4(earth.matrix);
  camera.position.set(-0.5, 0.9, 0.7).setLength(distance).add(controls.target);
  camera.near = Math.min(camera.near, distance / 50);
  camera.updateProjectionMatrix();
  controls.update();
  camera.updateMatrixWorld();
  stale(false);
  quiet = 0;
  state.ready = false;
}

window.zonebox = { state, pick, screen, look, sun: () => ({ at: sunlight.position.toArray(), casts: sunlight.castShadow }) };

try {
  const tileset = await layersOf('/tiles/' + (new URLSearchParams(location.search).get('tileset') ?? 'tileset.json'));
  stand(tileset.place);
  frameCamera(tileset.place.radius);
  showSun(tileset.place, (_, sun, shadows) => shine(sun, shadows, tileset.place.radius));
  showLayers(tileset.layers, (layer, shown) => { layers.find(l => l.name === layer.name).tiles.group.visible = shown; stale(); });
  showColours(on => { options.byVerdict = on; eachModel(model => paint(model, on)); stale(false); });
  showEdges(on => { options.edges = on; eachModel(model => outline(model, on)); stale(false); });
  layers = tileset.layers.map(open);
  controls.addEventListener('change', () => stale(false));
  listen();
  resize();
  draw();
} catch (error) {
  state.errors.push(String(error));
  say(String(error));
}
