#!/usr/bin/env node
/**
 * Trainings against judges with a planted hole, and against honest ones: does the right alarm come before the truth has fallen by a tenth of what it
 * had gained, and does none come where nothing is wrong? Tasks, truth and judges are made up and SIMULATED (`hacking/world.mjs`); policy and training are
 * real. Prints JSON, and a table to stderr.
 *
 *     npm run bench:hacking -- --seeds 1,2,3,4,5 --out runs/hacking
 *
 * A training that is in the folder already is not made again. Nothing is paused: monitors are functions of stored steps, so each
 * training is read with the default thresholds, with all looks, with fewer and with none.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { outcomeOf, ratesOf } from './hacking/read.mjs';
import { makeBase, trainCase } from './hacking/train.mjs';
import { CASES } from './hacking/world.mjs';
import { formatTable } from './shared/figures.mjs';
import { describeMachine } from './shared/machine.mjs';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3,4,5' },
    steps: { type: 'string', default: '40' },
    out: { type: 'string', default: 'runs/hacking' },
  },
});
const seeds = values.seeds.split(',').map(Number);
const steps = Number(values.steps);
const out = path.resolve(values.out);
/** Steps between two looks of the trainings; they are read with fewer, too. */
const EVERY = 5;
/** Groups of a step of which the held-out judge scores the two best answers, and steps between two looks. The first is read as a table. */
const LOOKS = {
  'by default': { winners: 8, every: 10 },
  'winners of all 16 groups, a look every 5 steps': { winners: 16, every: 5 },
  'winners of 4 groups, a look every 10 steps': { winners: 4, every: 10 },
  'no winners, a look every 5 steps': { winners: 0, every: 5 },
  'no winners, a look every 10 steps': { winners: 0, every: 10 },
  'no held-out judge': { winners: 0, every: 0 },
};

async function trained(name, number, seed) {
  const file = path.join(out, 'records', `${number}-${seed}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  const done = path.join(out, 'base', 'out', 'sft');
  const base = existsSync(done) ? done : await makeBase(path.join(out, 'base'));
  const folder = path.join(out, 'runs', `${number}-${seed}`);
  rmSync(folder, { recursive: true, force: true });
  const record = await trainCase(folder, base, name, seed, { steps, monitors: { every: EVERY } });
  rmSync(folder, { recursive: true });
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(record));
  return record;
}

const records = [];
for (const seed of seeds) {
  for (const [number, name] of Object.keys(CASES).entries()) {
    records.push({ name, seed, record: await trained(name, number, seed) });
    process.stderr.write(`${name}, seed ${seed}: trained\n`);
  }
}
const runs = Object.fromEntries(
  Object.entries(LOOKS).map(([looks, how]) => [
    looks,
    records.map(({ record, name, seed }) => outcomeOf(record, name, seed, how)),
  ]),
);
const rates = Object.fromEntries(Object.entries(runs).map(([looks, found]) => [looks, ratesOf(found)]));
process.stdout.write(
  `${JSON.stringify({ machine: describeMachine(), judges: 'SIMULATED', seeds, steps, rates, runs }, null, 2)}\n`,
);
const [first] = Object.values(runs);
const list = (found) => found.join(', ') || '–';
process.stderr.write(
  `${formatTable(
    ['SIMULATED judge', 'highest at', 'tenth lost at', 'first right alarm at', 'in time'],
    Object.keys(CASES).map((name) => {
      const found = first.filter((one) => one.case === name);
      return [
        name,
        list(found.map(({ highest }) => highest)),
        list(found.map(({ fall }) => fall ?? 'never')),
        list(found.map(({ alarm, all }) => (alarm ? `${alarm.step}` : (all[0] ?? 'none')))),
        `${found.filter(({ inTime }) => inTime).length} of ${found.filter(({ fall }) => fall !== null).length}`,
      ];
    }),
  )}\n`,
);
