#!/usr/bin/env node
/**
 * Trains the quickstart with several seeds, all on the same case, and prints the figures over all of them as JSON:
 *
 *     npm run bench:quickstart -- --out runs/bench --seeds 1,2,3,4,5
 *     npm run bench:quickstart -- --out runs/bench-clean --seeds 3 --annotations clean
 *
 * `--annotations clean` gives supervised fine-tuning a set of the same size without a single mistake; `--case 2` draws other data.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ANNOTATION_RATES, CLEAN_RATES, prepareQuickstart } from '@touchstone/quickstart';
import { describeMachine } from './shared/machine.mjs';

const TOUCHSTONE = fileURLToPath(new URL('../node_modules/.bin/touchstone', import.meta.url));

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'runs/bench' },
    seeds: { type: 'string', default: '5' },
    case: { type: 'string', default: '1' },
    annotations: { type: 'string', default: 'mixed' },
  },
});
const annotationRates = { mixed: ANNOTATION_RATES, clean: CLEAN_RATES }[values.annotations];
if (!annotationRates) throw new Error(`--annotations: expected mixed or clean, got ${values.annotations}`);

const folder = path.resolve(values.out);
if (!existsSync(path.join(folder, 'touchstone.yaml')))
  await prepareQuickstart(folder, Number(values.case), { annotationRates });
const { status } = spawnSync(process.execPath, [TOUCHSTONE, 'run', folder, '--seeds', values.seeds], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
if (status !== 0) throw new Error(`touchstone run ended with exit code ${status}`);
const { models, comparisons, judge, trainings } = JSON.parse(
  readFileSync(path.join(folder, 'summary.json'), 'utf8'),
);
const { calls, saved, abstained, metrics, findings } = judge;
const figures = {
  machine: describeMachine(),
  annotations: values.annotations,
  rates: annotationRates,
  models: Object.fromEntries(Object.entries(models).map(([name, { metrics: own }]) => [name, own])),
  comparisons,
  judge: {
    calls,
    saved,
    abstained,
    ...metrics,
    findings: Object.fromEntries(findings.map(({ name, estimate }) => [name, estimate])),
  },
  trainings: trainings.map(({ seed, models: own, comparisons: differences, training, stages }) => ({
    seed,
    models: Object.fromEntries(Object.entries(own).map(([name, { metrics: of }]) => [name, of])),
    comparisons: differences,
    training,
    stages: Object.fromEntries(stages.map(({ name, seconds }) => [name, seconds])),
  })),
};
process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
