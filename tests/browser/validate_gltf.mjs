// Runs the Khronos glTF validator over GLB files and prints one JSON row a file.
import fs from 'node:fs';
import { createRequire } from 'node:module';

const validator = createRequire(import.meta.url)('gltf-validator');
const rows = [];
for (const file of process.argv.slice(2)) {
  const report = await validator.validateBytes(new Uint8Array(fs.readFileSync(file)), { uri: file });
  rows.push({ file, errors: report.issues.numErrors, warnings: report.issues.numWarnings,
              messages: report.issues.messages.filter(m => m.severity < 2) });
}
console.log(JSON.stringify(rows));
