// Gives every package a version, in what they ask of one another and in the lock file too: `npm run version -- 0.2.0`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGES, ROOT } from './packages.mjs';

const [version] = process.argv.slice(2);
if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version ?? '')) {
  console.error(`expected a version such as 0.2.0, got ${version ?? 'nothing'}`);
  process.exit(2);
}
const own = new Set(PACKAGES.map(({ name }) => name));

function setVersion(about) {
  about.version = version;
  for (const key of ['dependencies', 'devDependencies']) {
    for (const name of Object.keys(about[key] ?? {})) if (own.has(name)) about[key][name] = version;
  }
}

function change(file, edit) {
  const path = join(ROOT, file);
  const content = JSON.parse(readFileSync(path, 'utf8'));
  edit(content);
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
}

const folders = PACKAGES.map(({ folder }) => folder);
for (const folder of ['.', ...folders]) change(join(folder, 'package.json'), setVersion);
change('package-lock.json', (lock) => {
  lock.version = version;
  for (const folder of ['', ...folders]) setVersion(lock.packages[folder]);
});
console.log(`${PACKAGES.length} packages are ${version}`);
