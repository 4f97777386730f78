// The packages of this repository, as their package.json files have them.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const rooms = readdirSync(join(ROOT, 'packages')).map((room) => `packages/${room}`);

/** Every package with its folder, relative to the repository; those that are not published are `private`. */
export const PACKAGES = [...rooms, 'examples/quickstart'].map((folder) => ({
  folder,
  ...JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')),
}));
