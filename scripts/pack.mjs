// Builds every package that is published and packs it: `npm run pack -- --out DIR`. Prints the tarballs.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PACKAGES, ROOT } from './packages.mjs';

/**
 * Packs what is built.
 * @param {string} out the folder for the tarballs
 * @returns {{ name: string, filename: string, files: { path: string }[] }[]} what went into each.
 */
export function packAll(out) {
  mkdirSync(out, { recursive: true });
  const published = PACKAGES.filter((one) => !one.private);
  // The licence goes with every copy; npm packs the one that lies beside package.json.
  for (const { folder } of published) copyFileSync(join(ROOT, 'LICENSE'), join(ROOT, folder, 'LICENSE'));
  const which = published.map(({ folder }) => `--workspace=${folder}`);
  const args = ['pack', '--json', '--loglevel=error', `--pack-destination=${resolve(out)}`, ...which];
  const packed = JSON.parse(execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26 }));
  return Array.isArray(packed) ? packed : Object.values(packed);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { out } = parseArgs({ options: { out: { type: 'string', default: 'tarballs' } } }).values;
  // What was built of files that are no longer there would be packed too.
  for (const { folder } of PACKAGES) rmSync(join(ROOT, folder, 'dist'), { recursive: true, force: true });
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' });
  for (const { filename } of packAll(out)) console.log(join(out, filename));
}
