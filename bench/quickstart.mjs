#!/usr/bin/env node
/**
 * Runs the quickstart for several seeds and prints its figures as JSON:
 *
 *     npm run bench:quickstart -- --out runs/bench --seeds 1,2,3
 *     npm run bench:quickstart -- --out runs/bench-clean --seeds 1 --annotations clean
 *
 * `--annotations clean` gives supervised fine-tuning a set of the same size without a single mistake.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ANNOTATION_RATES, CLEAN_RATES, prepareQuickstart } from '@touchstone/quickstart';

const TOUCHSTONE = fileURLToPath(new URL('../node_modules/.bin/touchstone', import.meta.url));

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'runs/bench' },
    seeds: { type: 'string', default: '1,2,3' },
    annotations: { type: 'string', default: 'mixed' },
  },
});
const annotationRates = { mixed: ANNOTATION_RATES, clean: CLEAN_RATES }[values.annotations];
if (!annotationRates) throw new Error(`--annotations: expected mixed or clean, got ${values.annotations}`);

const runs = [];
for (const seed of values.seeds.split(',').map(Number)) {
  const folder = path.resolve(values.out, `seed-${seed}`);
  if (!existsSync(path.join(folder, 'touchstone.yaml')))
    await prepareQuickstart(folder, seed, { annotationRates });
  const { status } = spawnSync(process.execPath, [TOUCHSTONE, 'run', folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`seed ${seed} ended with exit code ${status}`);
  const summary = JSON.parse(readFileSync(path.join(folder, 'summary.json'), 'utf8'));
  const { calls, saved, abstained, metrics, findings } = summary.judge;
  runs.push({
    seed,
    models: Object.fromEntries(Object.entries(summary.models).map(([name, { metrics }]) => [name, metrics])),
    comparisons: summary.comparisons,
    judge: {
      calls,
      saved,
      abstained,
      ...metrics,
      findings: Object.fromEntries(findings.map(({ name, estimate }) => [name, estimate])),
    },
    training: summary.training,
    stages: Object.fromEntries(summary.stages.map(({ name, seconds }) => [name, seconds])),
  });
}
const [cpu] = cpus();
const machine = {
  cpu: cpu?.model,
  cores: cpus().length,
  memory_gib: Math.round(totalmem() / 2 ** 30),
  node: process.version,
};
const figures = { machine, annotations: values.annotations, rates: annotationRates, runs };
process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
