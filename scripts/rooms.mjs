// The rooms' arrows: `node scripts/rooms.mjs`. Prints what is wrong and exits with 1. A checker that has looked at
// nothing also finds nothing, so this one counts what it saw and must catch every wrong import planted for it.
import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise } from 'dependency-cruiser';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const FEWEST_MODULES = 60;
const FEWEST_ARROWS = 20;

/** The rule, the file that breaks it, and what the file holds. */
const PLANTED = [
  ['room-spec', 'packages/spec/src/a.ts', "import '../../core/src/index.js'"],
  ['room-core', 'packages/core/src/b.ts', "import type { Model } from '../../engine/src/index.js'"],
  ['room-serve', 'packages/serve/src/c.ts', "import '../../store/src/index.js'"],
  ['room-engine', 'packages/engine/src/d.ts', "import '../../core/src/index.js'"],
  ['room-store', 'packages/store/src/e.ts', "export * from '../../core/src/index.js'"],
  ['room-lab', 'packages/lab/src/f.ts', "import '../../engine/src/index.js'"],
  ['room-train', 'packages/train/src/g.test.ts', "import '../../lab/src/index.js'"],
  ['room-run', 'packages/run/src/q.ts', "import '../../serve/src/index.js'"],
  ['room-launch', 'packages/launch/src/r.ts', "import '../../studio/src/index.js'"],
  ['room-testing', 'packages/testing/src/s.ts', "import '../../engine/src/index.js'"],
  ['core-text', 'packages/core/src/text/a.ts', "import '../judge/b.js'"],
  ['core-files', 'packages/core/src/files/a.ts', "import '../judge/b.js'"],
  ['core-data', 'packages/core/src/data/a.ts', "import '../judge/b.js'"],
  ['core-providers', 'packages/core/src/providers/a.ts', "import '../judge/b.js'"],
  ['core-dispatch', 'packages/core/src/dispatch/a.ts', "import '../judge/b.js'"],
  ['core-judge', 'packages/core/src/judge/a.ts', "import '../reward/b.js'"],
  ['core-checks', 'packages/core/src/checks/a.ts', "import '../judge/b.js'"],
  ['core-reward', 'packages/core/src/reward/a.ts', "import '../providers/b.js'"],
  ['room-studio', 'packages/studio/src/h.tsx', "await import('../../core/src/index.js')"],
  ['every-room-has-a-rule', 'packages/new/src/i.ts', "import '../../spec/src/index.js'"],
  ['front-door', 'packages/cli/src/j.ts', "import '../../core/src/private.js'"],
  ['front-door', 'packages/cli/src/k.ts', "import '../../core/dist/index.js'"],
  ['front-door-of-benches', 'bench/u.mjs', "import '../packages/core/src/private.js'"],
  ['no-cycle', 'packages/spec/src/l.ts', "import './m.js'"],
  ['nothing-missing', 'packages/cli/src/n.ts', "import '@touchstone/core/private'"],
  ['tests-stay-tests', 'packages/train/src/o.ts', "import './g.test.js'"],
  ['tests-stay-tests', 'packages/core/src/t.ts', "import '../../testing/src/index.js'"],
  ['core-is-portable', 'packages/core/src/p.ts', "import 'onnxruntime-node'"],
];

/** What the planted imports name. */
const AROUND = [
  ...['spec', 'core', 'serve', 'engine', 'store', 'lab', 'run', 'studio', 'testing'].map((room) => [
    `packages/${room}/src/index.ts`,
    'export {};',
  ]),
  ['packages/core/src/private.ts', 'export {};'],
  ...['judge', 'reward', 'providers'].map((folder) => [`packages/core/src/${folder}/b.ts`, 'export {};']),
  ['packages/core/dist/index.js', 'export {};'],
  ['packages/spec/src/m.ts', "import './l.js'"],
  ['node_modules/onnxruntime-node/index.js', ''],
];

const { forbidden, options } = createRequire(import.meta.url)('../.dependency-cruiser.cjs');

/** @returns the modules and the broken rules of the packages and benchmarks in a folder. */
async function cruisePackages(baseDir) {
  const rooms = await readdir(join(baseDir, 'packages'));
  const sources = [...rooms.map((room) => join('packages', room, 'src')), 'bench'];
  const { output } = await cruise(sources, {
    ...options,
    ruleSet: { forbidden },
    validate: true,
    baseDir,
  });
  return { modules: output.modules, violations: output.summary.violations };
}

/** Builds a small repository of wrong imports. @returns what went unnoticed. */
async function selfTest() {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'touchstone-rooms-')));
  try {
    for (const [path, text] of [...AROUND, ...PLANTED.map(([, ...file]) => file)]) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), `${text}\n`);
    }
    const { violations } = await cruisePackages(folder);
    const unnoticed = PLANTED.filter(
      ([rule, path]) => !violations.some((v) => v.rule.name === rule && v.from === path),
    ).map(([rule, path, text]) => `${rule} does not catch ${path}: ${text}`);
    const unplanted = forbidden
      .filter(({ name }) => name !== 'room-cli' && !PLANTED.some(([rule]) => rule === name))
      .map(({ name }) => `${name} has no planted import in scripts/rooms.mjs`);
    return [...unnoticed, ...unplanted];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const { modules, violations } = await cruisePackages(ROOT);
const ours = modules.filter(({ source }) => source.startsWith('packages/'));
const room = (path) => path.split('/')[1];
const arrows = ours.flatMap(({ source, dependencies }) =>
  dependencies.filter((d) => d.resolved.startsWith('packages/') && room(d.resolved) !== room(source)),
);
const problems = violations.map((v) => {
  const cycle = v.cycle?.map((step) => step.name ?? step).join(' -> ');
  return `${v.rule.name}: ${v.from} -> ${cycle ?? v.to}`;
});
if (ours.length < FEWEST_MODULES)
  problems.push(`saw ${ours.length} modules, expected ${FEWEST_MODULES} or more`);
if (arrows.length < FEWEST_ARROWS) {
  problems.push(`saw ${arrows.length} imports between rooms, expected ${FEWEST_ARROWS} or more`);
}
problems.push(...(await selfTest()));

console.log(
  `${ours.length} modules, ${arrows.length} imports between rooms, ${PLANTED.length} planted imports`,
);
for (const problem of problems) console.log(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
