// Unpacks GLB files with the decoders of their own inventors (meshoptimizer and Draco in JavaScript), and prints for
// each triangle primitive where its vertices are (tile frame, y up), its feature ids and its triangles.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { MeshoptDecoder } from 'meshoptimizer';

const draco3d = createRequire(import.meta.url)('draco3d');
const TYPES = { 5120: Int8Array, 5121: Uint8Array, 5122: Int16Array, 5123: Uint16Array, 5125: Uint32Array, 5126: Float32Array };
const WIDTHS = { SCALAR: 1, VEC2: 2, VEC3: 3, VEC4: 4 };
await MeshoptDecoder.ready;
const module = await draco3d.createDecoderModule({});

function rows(json, bin, index) {
  const { bufferView, componentType, count, type } = json.accessors[index];
  const view = json.bufferViews[bufferView], Type = TYPES[componentType], width = WIDTHS[type];
  let { byteOffset, byteLength, byteStride } = view, data = bin;
  const packed = view.extensions?.EXT_meshopt_compression;
  if (packed) {
    data = new Uint8Array(packed.count * packed.byteStride);
    const source = bin.subarray(packed.byteOffset, packed.byteOffset + packed.byteLength);
    MeshoptDecoder.decodeGltfBuffer(data, packed.count, packed.byteStride, source, packed.mode, packed.filter);
    byteOffset = 0;
    byteLength = data.length;
  }
  const raw = data.slice(byteOffset, byteOffset + byteLength);
  const stride = byteStride ?? width * Type.BYTES_PER_ELEMENT;
  return Array.from({ length: count }, (_, k) => Array.from(new Type(raw.buffer, k * stride, width)));
}

function dracoRows(json, bin, primitive) {
  const told = primitive.extensions.KHR_draco_mesh_compression;
  const { byteOffset, byteLength } = json.bufferViews[told.bufferView];
  const buffer = new module.DecoderBuffer(), decoder = new module.Decoder(), mesh = new module.Mesh();
  buffer.Init(new Int8Array(bin.slice(byteOffset, byteOffset + byteLength).buffer), byteLength);
  if (!decoder.DecodeBufferToMesh(buffer, mesh).ok()) throw new Error('no Draco mesh');
  const column = name => {
    const attribute = decoder.GetAttributeByUniqueId(mesh, told.attributes[name]);
    const values = new module.DracoFloat32Array(), width = attribute.num_components();
    decoder.GetAttributeFloatForAllPoints(mesh, attribute, values);
    return Array.from({ length: mesh.num_points() }, (_, k) => Array.from({ length: width }, (_, c) => values.GetValue(k * width + c)));
  };
  const face = new module.DracoInt32Array(), triangles = [];
  for (let k = 0; k < mesh.num_faces(); k++) {
    decoder.GetFaceFromMesh(mesh, k, face);
    triangles.push(face.GetValue(0), face.GetValue(1), face.GetValue(2));
  }
  return { points: column('POSITION'), ids: column('_FEATURE_ID_0').flat(), triangles };
}

const told = [];
for (const file of process.argv.slice(2)) {
  const data = new Uint8Array(fs.readFileSync(file)), size = new DataView(data.buffer).getUint32(12, true);
  const json = JSON.parse(Buffer.from(data.subarray(20, 20 + size)).toString()), bin = data.subarray(28 + size);
  const { translation = [0, 0, 0], scale = [1, 1, 1] } = json.nodes[0];
  const primitives = json.meshes[0].primitives.filter(p => p.mode === 4).map(primitive => {
    const found = primitive.extensions?.KHR_draco_mesh_compression ? dracoRows(json, bin, primitive) : {
      points: rows(json, bin, primitive.attributes.POSITION), ids: rows(json, bin, primitive.attributes._FEATURE_ID_0).flat(),
      triangles: rows(json, bin, primitive.indices).flat() };
    return { ...found, points: found.points.map(p => p.map((v, k) => v * scale[k] + translation[k])) };
  });
  told.push({ file, primitives });
}
console.log(JSON.stringify(told));
