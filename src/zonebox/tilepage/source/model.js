// One loaded tile: its outlines, its colours by verdict, what its features say.
import * as THREE from 'three';
import { COLOURS, verdictProperty } from './verdicts.js';

const EDGE = new THREE.LineBasicMaterial({ color: 0x3c4650, transparent: true, opacity: 0.55 });

// Draws the edges that a tile names for it (CESIUM_primitive_outline); three.js itself leaves them out.
export class Outlines {
  constructor(parser) {
    this.name = 'CESIUM_primitive_outline';
    this.parser = parser;
  }

  async afterRoot({ scene }) {
    const { parser } = this;
    const meshes = [];
    scene.traverse(object => { if (object.isMesh) meshes.push(object); });
    await Promise.all(meshes.map(async mesh => {
      const at = parser.associations.get(mesh);
      const primitive = parser.json.meshes?.[at?.meshes]?.primitives[at.primitives ?? 0];
      const outline = primitive?.extensions?.CESIUM_primitive_outline;
      if (!outline) return;
      const geometry = new THREE.BufferGeometry();
      geometry.setAttribute('position', mesh.geometry.attributes.position);
      geometry.setIndex(await parser.getDependency('accessor', outline.indices));
      const lines = new THREE.LineSegments(geometry, EDGE);
      lines.userData.outline = true;
      lines.raycast = () => {};
      mesh.add(lines);
    }));
  }
}

export function prepare(scene, { byVerdict, edges }) {
  scene.traverse(object => {
    if (object.isPoints) Object.assign(object.material, { size: 2.5, sizeAttenuation: false });
    if (object.isMesh) {
      object.castShadow = !object.material.transparent;
      object.receiveShadow = true;
      Object.assign(object.material, { polygonOffset: true, polygonOffsetFactor: 1, polygonOffsetUnits: 1 });
    }
  });
  paint(scene, byVerdict);
  outline(scene, edges);
}

export function outline(scene, shown) {
  scene.traverse(object => { if (object.userData.outline) object.visible = shown; });
}

export function paint(scene, byVerdict) {
  scene.traverse(object => {
    if (!object.geometry || object.userData.outline) return;
    const looks = object.userData.looks ??= looksOf(object);
    if (!looks) return;
    const look = byVerdict ? looks.verdict : looks.plain;
    object.material = look.material;
    if (look.colour) object.geometry.setAttribute('color', look.colour);
    else object.geometry.deleteAttribute('color');
  });
}

function looksOf(object) {
  const told = tableOf(object);
  const name = told && verdictProperty(told.declared);
  if (!name) return null;
  const ids = object.geometry.attributes[told.attribute];
  const known = new Map();
  const colour = new Float32Array(ids.count * 3);
  for (let k = 0; k < ids.count; k++) {
    const id = ids.getX(k);
    if (!known.has(id)) known.set(id, new THREE.Color(COLOURS[told.row(id)[name]] ?? COLOURS.NONE).toArray());
    colour.set(known.get(id), 3 * k);
  }
  const material = object.material.clone();
  material.vertexColors = true;
  material.color.set(0xffffff);
  return { plain: { material: object.material, colour: object.geometry.attributes.color ?? null },
           verdict: { material, colour: new THREE.BufferAttribute(colour, 3) } };
}

// Feature ids and property rows of an object: a property table of 1.1, or the batch table of 1.0.
export function tableOf(object) {
  const { meshFeatures, structuralMetadata } = object.userData;
  if (meshFeatures && structuralMetadata) {
    const info = meshFeatures.getFeatureInfo()[0];
    const attribute = `_feature_id_${info?.attribute}`;
    if (info?.propertyTable === undefined || info.propertyTable === null || !object.geometry.attributes[attribute]) return null;
    const { className } = structuralMetadata.getPropertyTableInfo(info.propertyTable);
    const declared = structuralMetadata.schema.classes[className].properties;
    return { attribute, declared, row: id => structuralMetadata.getPropertyTableData(info.propertyTable, id) };
  }
  let owner = object;
  while (owner && !owner.batchTable) owner = owner.parent;
  if (!owner || !object.geometry.attributes._batchid) return null;
  const declared = owner.userData.declared ?? {};
  return { attribute: '_batchid', declared, row: id => owner.batchTable.getDataFromId(id) };
}

export function featureAt(hit) {
  const told = hit.face && tableOf(hit.object);
  if (!told) return null;
  const number = hit.object.geometry.attributes[told.attribute].getX(hit.face.a);
  return { number, values: { ...told.row(number) }, declared: told.declared };
}
