#!/usr/bin/env node
/**
 * Seconds per training step of two built trees of this repository, in turn on one machine: each round runs the shortened
 * quickstart once with each, the other one first every second round. Prints JSON; progress goes to stderr.
 *
 *     npm run bench:step -- --before ../before --after . --rounds 5
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bootstrapInterval } from '@touchstone/lab';
import { quantile, spread } from './shared/figures.mjs';
import { describeMachine } from './shared/machine.mjs';

const { values } = parseArgs({
  options: {
    before: { type: 'string' },
    after: { type: 'string', default: '.' },
    rounds: { type: 'string', default: '5' },
    steps: { type: 'string', default: '6' },
    seed: { type: 'string', default: '1' },
  },
});
if (!values.before) throw new Error('--before: expected the folder of a built tree to compare with');
const [rounds, steps, seed] = [values.rounds, values.steps, values.seed].map(Number);
const trees = { before: path.resolve(values.before), after: path.resolve(values.after) };

/** What is not training is cut short; batch, group and models stay as they are. */
const CUTS = [
  [/^( +)steps: 60$/m, `$1steps: ${steps}`],
  [/^( +)steps: 150$/m, '$1steps: 20'],
  [/^( +)checkpoint_every: \d+$/m, `$1checkpoint_every: ${steps}`],
  [/^evaluation:$/m, 'evaluation:\n  tasks: 2'],
];
/** A policy that has learnt this little need not pass for trained, nor the judge be proven again. */
const GATE = /^gate:\n(?: .*\n)+/m;
const SIZES = { train: 120, eval: 4, annotations: 60, labelled: 4, regression: 4 };

/** @returns {Promise<number[]>} seconds of each training step */
async function runQuickstart(tree) {
  const folder = mkdtempSync(path.join(tmpdir(), 'touchstone-step-'));
  try {
    const entry = createRequire(path.join(tree, 'package.json')).resolve('@touchstone/quickstart');
    const { prepareQuickstart } = await import(pathToFileURL(entry).href);
    const config = await prepareQuickstart(folder, seed, { sizes: SIZES });
    const main = path.join(tree, 'packages/cli/dist/main.js');
    const touchstone = (...args) => spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
    // Trees from before the default gate have only the one of the configuration.
    const hasGate = touchstone('run', '--help').stdout.includes('--no-gate');
    let text = readFileSync(config, 'utf8');
    for (const [pattern, replacement] of CUTS) {
      if (!pattern.test(text)) throw new Error(`${config}: expected ${pattern}`);
      text = text.replace(pattern, replacement);
    }
    writeFileSync(config, text.replace(GATE, '') + (hasGate ? '\ngate: off\n' : ''));
    const { status, stderr } = touchstone('run', folder, ...(hasGate ? ['--no-gate', 'a benchmark'] : []));
    if (status !== 0) throw new Error(`${tree} ended with exit code ${status}: ${stderr}`);
    const summary = JSON.parse(readFileSync(path.join(folder, 'summary.json'), 'utf8'));
    return summary.steps.map((step) => step.seconds);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const machine = describeMachine();
const pairs = [];
for (let round = 0; round < rounds; round++) {
  const pair = {};
  for (const name of round % 2 === 0 ? ['before', 'after'] : ['after', 'before']) {
    const seconds = await runQuickstart(trees[name]);
    pair[name] = seconds;
    process.stderr.write(`round ${round + 1}, ${name}: ${seconds.map((s) => s.toFixed(2)).join(' ')} s\n`);
  }
  pairs.push(pair);
}

const medianOf = (sample, name) =>
  quantile(
    sample.flatMap((pair) => pair[name]),
    0.5,
  );
const ratio = bootstrapInterval(
  pairs,
  (sample) => medianOf(sample, 'after') / medianOf(sample, 'before'),
  seed,
);
const result = {
  machine,
  rounds,
  steps_per_run: steps,
  seed,
  seconds_per_step: Object.fromEntries(
    Object.keys(trees).map((name) => [name, spread(pairs.flatMap((pair) => pair[name]))]),
  ),
  /** Of the medians, with a 95 % interval over the rounds; null for a single round. */
  after_over_before: ratio,
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
