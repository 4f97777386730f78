// What `npm ci` would install: `node scripts/lockfile.mjs`. Prints what is wrong and exits with 1.
// With `--complete` it first adds the entries of other platforms that npm left out.
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';

const PATH = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(await readFile(PATH, 'utf8'));
const { packages } = lock;
const settings = await readFile(new URL('../.npmrc', import.meta.url), 'utf8');

/**
 * The optional packages that no entry describes. A binary for another platform that the registry at hand does not
 * carry is left out by `npm install`, and `npm ci` then refuses the whole file.
 */
const missing = () =>
  Object.entries(packages).flatMap(([user, { optionalDependencies = {}, dev }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !packages[`node_modules/${name}`] && !packages[`${user}/node_modules/${name}`])
      .map(([name, version]) => ({ user, name, version, dev })),
  );

/** The entry of a binary, from a name such as `@oxlint/binding-linux-x64-musl`: npm skips it on every other platform. */
function platformEntry({ name, version, dev }) {
  const [os, cpu, abi] = name.replace(/^.*\/(binding-)?/, '').split('-');
  if (!/^\d/.test(version) || !/^(android|darwin|freebsd|linux|openharmony|win32)$/.test(os) || !cpu) {
    throw new Error(`${name}@${version} is no exact version for one platform: add its entry by hand`);
  }
  const libc = os === 'linux' && abi ? { libc: [abi.startsWith('musl') ? 'musl' : 'glibc'] } : {};
  const integrity = execFileSync('npm', ['view', `${name}@${version}`, 'dist.integrity'], {
    encoding: 'utf8',
  }).trim();
  return { version, integrity, cpu: [cpu], ...(dev ? { dev } : {}), ...libc, optional: true, os: [os] };
}

if (process.argv[2] === '--complete') {
  const found = missing();
  for (const one of found) packages[`node_modules/${one.name}`] = platformEntry(one);
  // npm's order: the repository itself, then by path.
  const { '': root, ...others } = packages;
  const sorted = Object.keys(others)
    .sort((a, b) => a.localeCompare(b, 'en'))
    .map((path) => [path, others[path]]);
  await writeFile(
    PATH,
    `${JSON.stringify({ ...lock, packages: { '': root, ...Object.fromEntries(sorted) } }, null, 2)}\n`,
  );
  console.log(`added ${found.length}`);
}

/** Two copies of zod do not know each other's schemas, and TypeScript gives up on comparing their types. */
const zods = Object.keys(packages).filter((path) => /(^|\/)node_modules\/zod$/.test(path));

/** A host in the lock file ties every install to the registry of whoever wrote it; npm does without. */
const hosted = Object.entries(packages).filter(([, entry]) => /^[a-z+]+:\/\//.test(entry.resolved ?? ''));

/** What npm would install unseen: anything of its own, not a workspace's link, that no hash describes. */
const unhashed = Object.entries(packages).filter(
  ([path, { integrity, link }]) => path.includes('node_modules/') && !link && !integrity,
);

const problems = [
  ...(zods.length === 1 ? [] : [`expected one zod, found ${zods.length}: ${zods.join(', ') || 'none'}`]),
  ...hosted.map(([path]) => `${path}: names the host it came from; delete its "resolved" line`),
  ...unhashed.map(
    ([path]) => `${path}: has no integrity; add what "npm view NAME@VERSION dist.integrity" says`,
  ),
  ...(/registry\s*=/.test(settings)
    ? [".npmrc: names a registry; that belongs in the user's own .npmrc"]
    : []),
  ...missing().map(({ user, name }) => `${user}: no entry for its optional ${name}`),
  ...(missing().length > 0 ? ['npm ci refuses this file; run: node scripts/lockfile.mjs --complete'] : []),
];
console.log(`${Object.keys(packages).length} entries in package-lock.json`);
for (const problem of problems) console.log(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
