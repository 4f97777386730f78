#!/usr/bin/env node
/**
 * Whether the intervals hold what they say: samples are drawn from populations whose truth is known, and it is counted how often the 95 % interval
 * holds it, and how often its lower end is above it (which is what a gate is passed by). Prints JSON; a table goes to stderr.
 *
 *     npm run bench:coverage -- --runs 2000 --n 20,60,120,500 --only kappa --seed 1
 *
 * A cell is `holds` where 93–97 % of the intervals hold the truth and the lower end is above it in at most 3.5 %; `wide` where more than 97 % do
 * and the lower end keeps to that; else `fails`, or `withheld` where nothing passes the gate with so few tasks. Exit code 1 where one fails.
 */
import { parseArgs } from 'node:util';
import { LEAST_UNITS } from '@touchstone/lab';
import { random } from '@touchstone/spec';
import { SETTINGS } from './intervals/settings.mjs';
import { describeMachine } from './shared/machine.mjs';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '2000' },
    n: { type: 'string', default: '20,60,120,500' },
    only: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
  },
});
const [runs, seed] = [values.runs, values.seed].map(Number);
const sizes = values.n.split(',').map(Number);
/** Tasks of the sample that stands for the population. */
const MANY = 400_000;

const machine = describeMachine();
const draw = (setting, generator, n) =>
  setting.sample?.(generator, n) ?? Array.from({ length: n }, () => setting.task(generator));

/** What the intervals should hold. Of many tasks the interval's own mean is as good as the truth. */
function truthOf(name, setting) {
  if (setting.value !== undefined) return setting.value;
  const tasks = draw(setting, random(seed, name, 'truth'), setting.many ?? MANY);
  return (setting.truth ?? setting.measure)(tasks, tasks).mean;
}

function cell(name, setting, n, truth) {
  const count = { holds: 0, lowAbove: 0, highBelow: 0, none: 0, width: 0 };
  const times = Math.max(200, Math.round(runs * (setting.runs ?? 1)));
  for (let run = 0; run < times; run++) {
    const generator = random(seed, name, n, run);
    const tasks = draw(setting, generator, n);
    const interval = setting.measure(tasks, setting.second && draw(setting, generator, n * setting.second));
    if (!interval) {
      count.none++;
      continue;
    }
    if (interval.low > truth) count.lowAbove++;
    else if (interval.high < truth) count.highBelow++;
    else count.holds++;
    count.width += interval.high - interval.low;
  }
  const given = times - count.none;
  const share = (of) => (given === 0 ? null : Number((of / given).toFixed(4)));
  const [coverage, lowAbove] = [share(count.holds), share(count.lowAbove)];
  const isGiven = given >= times / 10;
  return {
    setting: name,
    n,
    truth: Number(truth.toFixed(4)),
    runs: times,
    insufficient: Number((count.none / times).toFixed(4)),
    coverage,
    low_above: lowAbove,
    high_below: share(count.highBelow),
    width: share(count.width),
    verdict: isGiven ? verdictOf(coverage, lowAbove, n) : 'insufficient data',
  };
}

function verdictOf(coverage, lowAbove, n) {
  if (lowAbove > 0.035 || coverage < 0.93) return n < LEAST_UNITS ? 'withheld' : 'fails';
  return coverage > 0.97 ? 'wide' : 'holds';
}

const cells = [];
for (const [name, setting] of Object.entries(SETTINGS)) {
  if (!name.startsWith(values.only)) continue;
  const truth = truthOf(name, setting);
  for (const n of sizes) {
    const found = cell(name, setting, n, truth);
    cells.push(found);
    const percent = (share) => (share === null ? '–' : (share * 100).toFixed(1)).padStart(6);
    process.stderr.write(
      `${name.padEnd(28)} n ${String(n).padStart(4)}  truth ${truth.toFixed(3)}  holds ${percent(found.coverage)}  low above ${percent(found.low_above)}  high below ${percent(found.high_below)}  width ${found.width?.toFixed(3)}  none ${percent(found.insufficient)}  ${found.verdict}\n`,
    );
  }
}
process.stdout.write(`${JSON.stringify({ seed, runs, machine, cells }, null, 2)}\n`);
process.exitCode = cells.some(({ verdict }) => verdict === 'fails') ? 1 : 0;
