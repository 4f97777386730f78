#!/usr/bin/env node
/**
 * Seconds of a whole quickstart from a fresh clone, its install not counted, of two commits in turn on one machine: each round takes
 * its number as the seed, and every second round the other commit goes first. Prints JSON; progress goes to stderr.
 *
 *     npm run bench:quickstart-time -- --before COMMIT --after HEAD --rounds 3
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { spread } from './shared/figures.mjs';
import { describeMachine } from './shared/machine.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    before: { type: 'string' },
    after: { type: 'string', default: 'HEAD' },
    rounds: { type: 'string', default: '3' },
  },
});
if (!values.before) throw new Error('--before: expected the commit to compare with');
const git = (...args) => execFileSync('git', ['-C', ROOT, ...args], { encoding: 'utf8' }).trim();
const commits = {
  before: git('rev-parse', `${values.before}^{commit}`),
  after: git('rev-parse', `${values.after}^{commit}`),
};

/** @returns seconds of all and of each stage, and the comparisons of the summary. */
function runQuickstart(commit, seed) {
  const folder = mkdtempSync(path.join(tmpdir(), 'touchstone-quickstart-'));
  try {
    const clone = path.join(folder, 'clone');
    git('clone', '--quiet', '--no-checkout', ROOT, clone);
    git('-C', clone, 'checkout', '--quiet', commit);
    const npm = (...args) => {
      const { status, stderr } = spawnSync('npm', args, { cwd: clone, encoding: 'utf8' });
      if (status !== 0)
        throw new Error(`npm ${args.join(' ')} of ${commit} ended with ${status}:\n${stderr}`);
    };
    npm('ci');
    const begun = performance.now();
    const out = path.join(folder, 'out');
    npm('run', 'quickstart', '--', '--out', out, '--seed', String(seed));
    const seconds = (performance.now() - begun) / 1000;
    const { stages, comparisons } = JSON.parse(readFileSync(path.join(out, 'summary.json'), 'utf8'));
    return {
      seconds,
      stages: Object.fromEntries(stages.map(({ name, seconds: ofStage }) => [name, ofStage])),
      comparisons,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const runs = [];
for (let round = 1; round <= Number(values.rounds); round++) {
  const order = round % 2 === 1 ? ['before', 'after'] : ['after', 'before'];
  for (const side of order) {
    const run = runQuickstart(commits[side], round);
    runs.push({ side, seed: round, ...run });
    process.stderr.write(`round ${round}, ${side}: ${run.seconds.toFixed(0)} s\n`);
  }
}
const of = (side) => runs.filter((run) => run.side === side).map(({ seconds }) => seconds);
const [before, after] = [of('before'), of('after')];
const figures = {
  machine: describeMachine(),
  commits,
  before_seconds: spread(before),
  after_seconds: spread(after),
  ratio: spread(after.map((seconds, i) => seconds / before[i])),
  runs,
};
process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
