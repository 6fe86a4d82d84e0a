// Writes the page's scripts, the licences of what is in them, and the hashes by which a test knows that they are current.
import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const page = new URL('../page/', import.meta.url);
const here = new URL('./', import.meta.url);

const built = await build({
  entryPoints: ['viewer.js', 'globe.js'], bundle: true, minify: true, format: 'esm', target: 'es2022', charset: 'utf8',
  legalComments: 'none', outdir: page.pathname, absWorkingDir: here.pathname, metafile: true,
});

// the decoder of Draco runs in a worker that three.js makes of these two
const decoder = ['draco_wasm_wrapper.js', 'draco_decoder.wasm'];
for (const name of decoder) copyFileSync(new URL(`node_modules/three/examples/jsm/libs/draco/gltf/${name}`, here), new URL(name, page));

const packageOf = path => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1];
const packages = [...new Set(Object.values(built.metafile.outputs)
  .flatMap(output => Object.entries(output.inputs)).filter(([, part]) => part.bytesInOutput > 0)
  .map(([path]) => packageOf(path)).filter(Boolean))].sort();
const told = packages.map(name => {
  const root = new URL(`node_modules/${name}/`, here);
  const { version, license } = JSON.parse(readFileSync(new URL('package.json', root)));
  const file = readdirSync(root).find(entry => /^licen[cs]e/i.test(entry));
  if (!file) throw new Error(`${name} has no licence text`);
  return `${name} ${version} (${license})\n${'-'.repeat(72)}\n${readFileSync(new URL(file, root), 'utf8').trim()}\n`;
});
told.push('meshopt_decoder.module.js, part of three: meshoptimizer (MIT), Copyright (C) 2016-2026 Arseny Kapoulkine\n');
told.push('draco_wasm_wrapper.js and draco_decoder.wasm, which come with three: Draco (Apache-2.0), Copyright 2016 The Draco Authors\n');
writeFileSync(new URL('LICENSES.txt', page), `viewer.js contains:\n\n${told.join('\n\n')}`);

const hash = url => createHash('sha256').update(readFileSync(url)).digest('hex');
const sources = readdirSync(here).filter(name => /\.(js|mjs|json)$/.test(name) && name !== 'package-lock.json').sort();
const made = ['globe.js', 'viewer.js', 'LICENSES.txt', ...decoder];
writeFileSync(new URL('bundle.json', page), `${JSON.stringify({
  sources: Object.fromEntries(sources.map(name => [name, hash(new URL(name, here))])),
  made: Object.fromEntries(made.map(name => [name, hash(new URL(name, page))])),
}, null, 1)}\n`);
