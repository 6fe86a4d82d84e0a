// Reads a BCF file with bcf-js and prints its topics as JSON, with cameras, selected GlobalIds and snapshots.
import fs from 'node:fs';
import { createRequire } from 'node:module';

const [version, file] = process.argv.slice(2);
const { BcfReader } = createRequire(import.meta.url)(`@parametricos/bcf-js/dist/${version}/index.js`);
const reader = new BcfReader();
await reader.read(fs.readFileSync(file));
const rows = [];
for (const markup of reader.markups) {
  const views = [];
  for (const view of markup.viewpoints ?? []) {
    const snapshot = await view.getSnapshot?.();
    views.push({ camera: view.perspective_camera,
                 selected: (view.components?.selection ?? []).map(c => c.ifc_guid), snapshot: snapshot ?? null });
  }
  rows.push({ topic: markup.topic, views });
}
console.log(JSON.stringify(rows));
