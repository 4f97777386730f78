// Every check of the repository, then the tests: `npm test`. All of them run, whatever fails on the way; the exit code
// is 1 when anything failed, and the last line says how much: `N passed, N failed` (a check counts as one test).
// `node scripts/test.mjs NAME...` runs only the named ones; `tests-again` is for another Node than the one `tests` ran on.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createVitest } from 'vitest/node';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MOST_LINES = 200;
const bin = (name) => join(ROOT, 'node_modules', '.bin', name);
/** The native compiler. Version 6 is there for what asks a compiler in JavaScript: dependency-cruiser and typedoc. */
const TSC = join(ROOT, 'node_modules/typescript-7/bin/tsc');
/** As `npm run build` does. Each checker reads the types of all that is imported anew: with the usual four, two cores took twice the work. */
const BUILD = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  .scripts.build.split(' ')
  .slice(1);

/** @type {Record<string, { title: string, command: string[] }>} in the order they are shown. */
const CHECKS = {
  build: { title: 'Build (tsc)', command: BUILD },
  // After the build: rules that need types read those of other packages from their output.
  lint: { title: 'Lint (oxlint)', command: [bin('oxlint')] },
  types: { title: 'Types of the tests (tsc)', command: [TSC, '-p', 'tsconfig.test.json', '--checkers', '1'] },
  rooms: { title: 'Arrows between rooms (dependency-cruiser)', command: ['scripts/rooms.mjs'] },
  unused: {
    title: 'Dead code (knip)',
    command: [bin('knip'), '--no-progress', '--treat-config-hints-as-errors'],
  },
  spreads: { title: 'Lists spread into calls', command: ['scripts/spreads.mjs'] },
  links: { title: 'Links in documents', command: ['scripts/links.mjs'] },
  lockfile: { title: 'Lock file', command: ['scripts/lockfile.mjs'] },
  format: { title: 'Format (prettier)', command: [bin('prettier'), '--check', '--log-level=warn', '.'] },
};

/**
 * What `tests-again` leaves out: tests of what does not depend on the Node that runs it. Everything that touches its file
 * system, its network, its threads, its processes, its crypto or native modules stays, and so does every unit test.
 */
const SAME_ON_EVERY_NODE = [
  // Simulated judges through the gate: arithmetic on what a seed draws, of which each part has its own tests, with
  // published figures. Whole examinations through the command line are in judge*.test.ts, which stay.
  'bench/gate/gate.test.mjs',
  'packages/cli/src/commands/judge-quickstart.e2e.test.ts',
  // Likewise a simulated product, and probes of judges that are rules.
  'bench/alignment/alignment.test.mjs',
  'packages/lab/src/probes/findings.test.ts',
  'packages/lab/src/probes/cases.test.ts',
  // Prompts of the same judge asked in other ways; judge.test.ts asks it in the first one.
  'packages/cli/src/commands/judge-variants.test.ts',
  // Faults of a provider behind the server: server.test.ts and operation.test.ts have that Node's server and its ends.
  'packages/cli/src/commands/reward/faults.e2e.test.ts',
  // Killed between the same writes as run-killed.e2e.test.ts, which stays.
  'packages/cli/src/commands/eval-killed.e2e.test.ts',
  // Small programs of documents: the calls that the tests of their packages make.
  'scripts/samples.test.mjs',
  // A fault at each write of a run: damage.test.ts and run-killed.e2e.test.ts have the file system of that Node.
  'packages/run/src/faults.test.ts',
  // Its ends for the user: a gate, a monitor, wrong input. run-killed.e2e.test.ts has all the stages of a run.
  'packages/cli/src/commands/run.e2e.test.ts',
  'packages/cli/src/commands/doctor-speed.e2e.test.ts',
  // Several trainings are ordinary ones.
  'packages/cli/src/commands/run-seeds.e2e.test.ts',
  // What is in the packages, and that they install: npm's work.
  'scripts/installed.test.mjs',
  // The recipes of a document, compiled: what TypeScript and esbuild make of them is the same text.
  'packages/testing/src/recipes.test.ts',
  // A template and Python's tools that read it.
  'packages/launch/src/aws/template.test.ts',
  // Bodies of requests, and Python's models that read them.
  'packages/launch/src/aws/jobs/requests.test.ts',
  // A training broken at each of its requests in turn: what they go through, jobs.test.ts and services.test.ts go through too.
  'packages/launch/src/aws/jobs/chain.test.ts',
  // Whole runs over those same requests.
  'packages/launch/src/aws/training/training.test.ts',
  'packages/launch/src/aws/training/open-weight.test.ts',
  // Another server's answers to the same clients.
  'packages/launch/src/aws/jobs/moto.test.ts',
  // Manifests, as Python's tools read them.
  'packages/cli/src/commands/reward/fleet.test.ts',
  'packages/cli/src/commands/reward/fleet-image.e2e.test.ts',
  'packages/launch/src/fleet/kubernetes.test.ts',
  'packages/launch/src/ray/probe.test.ts',
  // The files of a bundle; bundle.test.ts runs one.
  'packages/cli/src/commands/reward/bundle-files.test.ts',
  // Python's side of the shims.
  'packages/serve/src/shims/client.test.ts',
  // A script inside Redis, waited for by the clock; redis.test.ts asks the same Redis by the same client.
  'packages/core/src/dispatch/limits/shared-rates.test.ts',
  'packages/core/src/dispatch/limits/processes.test.ts',
];

/** Runs one check in its own process. @returns its exit code, what it printed on either stream, and the time it took. */
function runCheck(name) {
  const [script, ...args] = CHECKS[name].command;
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    }
    child.on('error', reject).on('close', (code) => {
      resolve({ name, code, output, seconds: ((performance.now() - start) / 1000).toFixed(1) });
    });
  });
}

/** Runs checks, and yields how each ended. The format's runs beside all others: it takes one core for as long as they do. */
async function* runChecks(names) {
  const format = names.includes('format') ? runCheck('format') : undefined;
  for (const name of names.filter((one) => one !== 'format')) yield await runCheck(name);
  if (format) yield await format;
}

/** Says how a check ended. @returns whether well. */
function show({ name, code, output, seconds }) {
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'}  ${CHECKS[name].title}, ${seconds} s`);
  if (code === 0) return true;
  const lines = output.trim().split('\n');
  console.log(lines.slice(0, MOST_LINES).join('\n'));
  if (lines.length > MOST_LINES) console.log(`and ${lines.length - MOST_LINES} lines more`);
  console.log(`(again: node scripts/test.mjs ${name})\n`);
  return false;
}

/**
 * Runs the tests here, printing as they go.
 * @param {string[]} files names in the paths of the test files to run; none: all
 * @param {string[]} exclude paths of test files not to run
 * @returns how many passed, which of them at the second try only, which failed, and why how many were skipped.
 */
async function runTests(files = [], exclude = []) {
  const vitest = await createVitest('test', { root: ROOT, watch: false });
  await vitest.standalone();
  const found = await vitest.globTestSpecifications(files);
  await vitest.runTestSpecifications(
    found.filter(({ moduleId }) => !exclude.includes(relative(ROOT, moduleId))),
  );
  const counts = { passed: 0, late: [], failed: [], skipped: new Map() };
  const fail = (what, errors) => counts.failed.push(`${what}: ${errors[0]?.message?.split('\n')[0]}`);
  for (const error of vitest.state.getUnhandledErrors()) fail('outside of a test', [error]);
  for (const module of vitest.state.getTestModules()) {
    const file = relative(ROOT, module.moduleId);
    // A file or a group that could not even be set up has failed, though none of its tests has.
    for (const suite of [module, ...module.children.allSuites()]) {
      if (suite.errors().length > 0) fail(`${file}: ${suite.fullName ?? 'the file'}`, suite.errors());
    }
    for (const test of module.children.allTests()) {
      const { state, note, errors } = test.result();
      if (test.diagnostic()?.flaky) counts.late.push(`${file}: ${test.fullName}`);
      if (state === 'passed') counts.passed += 1;
      else if (state === 'skipped') {
        // The reason is the note given to `skip`, or in the name of the group that is skipped as a whole.
        const what = note ? `${test.fullName}: ${note}` : (test.parent.fullName ?? test.fullName);
        const line = `${file}: ${what}`;
        counts.skipped.set(line, (counts.skipped.get(line) ?? 0) + 1);
      } else fail(`${file}: ${test.fullName}`, errors ?? []);
    }
  }
  await vitest.close();
  return counts;
}

const all = [...Object.keys(CHECKS), 'tests'];
/**
 * The files of each way to run tests, and what is left out. The cases have limits of time of their own, so they can be run
 * without other tests beside them.
 *
 * @type {Record<string, [string[], string[]]>}
 */
const TESTS = {
  tests: [[], []],
  'tests-again': [[], SAME_ON_EVERY_NODE],
  cases: [['scripts/cases.test.mjs'], []],
};
const known = [...Object.keys(CHECKS), ...Object.keys(TESTS)];
const chosen = process.argv.length > 2 ? process.argv.slice(2) : all;
const strange = chosen.filter((name) => !known.includes(name));
if (strange.length > 0) {
  console.error(`unknown: ${strange.join(', ')}; expected ${known.join(', ')}`);
  process.exit(2);
}

let passed = 0;
let failed = 0;
for await (const one of runChecks(Object.keys(CHECKS).filter((name) => chosen.includes(name)))) {
  if (show(one)) passed += 1;
  else failed += 1;
}
const way = Object.keys(TESTS).find((name) => chosen.includes(name));
if (way !== undefined) {
  console.log('\nTests (vitest)');
  const tests = await runTests(...TESTS[way]);
  passed += tests.passed;
  failed += tests.failed.length;
  for (const [line, count] of tests.skipped) console.log(`skipped ${count}: ${line}`);
  for (const line of tests.late) console.log(`UNSTEADY  ${line}: passed at the second try only`);
  for (const line of tests.failed) console.log(`FAILED  ${line}`);
}
// Vitest sets the exit code too, for failures that are no test's: no test found, say.
const good = failed === 0 && (process.exitCode ?? 0) === 0;
console.log(`${passed} passed, ${good ? 0 : Math.max(1, failed)} failed`);
process.exitCode = good ? 0 : 1;
