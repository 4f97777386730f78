#!/usr/bin/env node
/**
 * Does the gate let a good judge pass and stop broken ones, for the right reason?
 *
 *     npm run bench:gate
 *     npm run bench:gate -- --seeds 3 --templates helpfulness,preference --data balanced --further-seeds 0
 *
 * The judge of each template, its model a simulator, with the default gate, on made-up labelled answers: balanced, and 95 %
 * positive. Prints JSON; progress goes to standard error. Exits with 1 where a good judge is stopped, or one of the five
 * broken ones passes or is stopped for a wrong reason. The further judges are only counted.
 */
import { parseArgs } from 'node:util';
import { SIMULATED_JUDGES } from '@touchstone/quickstart';
import { DATA, examineSimulated, isRight, REASONS } from './gate/examine.mjs';
import { furtherJudges } from './gate/further-judges.mjs';
import { describeMachine } from './shared/machine.mjs';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    'further-seeds': { type: 'string', default: '3' },
    templates: { type: 'string', default: 'contract-review,helpfulness,faithfulness,preference' },
    data: { type: 'string', default: Object.keys(DATA).join() },
    tasks: { type: 'string' },
  },
});
const templates = values.templates.split(',');
const tasks = values.tasks === undefined ? {} : { tasks: Number(values.tasks) };
const upTo = (n) => Array.from({ length: Number(n) }, (_, i) => i + 1);
const rounds = templates.flatMap((template) =>
  values.data.split(',').flatMap((data) => [
    ...upTo(values.seeds).flatMap((seed) => [
      { template, data, seed, ...tasks, judges: Object.keys(SIMULATED_JUDGES) },
      { template, data, seed, ...tasks, judges: ['obeys'], injected: 0.15 },
    ]),
    ...upTo(values['further-seeds']).map((seed) => ({
      template,
      data,
      seed,
      ...tasks,
      judges: Object.keys(furtherJudges()),
      module: new URL('./gate/further-judges.mjs', import.meta.url).href,
    })),
  ]),
);

const rows = new Map();
const begun = performance.now();
for (const [i, round] of rounds.entries()) {
  const results = await examineSimulated(round);
  for (const result of results) {
    const { template, data, injected } = round;
    const judge = injected === undefined ? result.judge : `${result.judge}, 15 % of the answers injected`;
    const key = [template, data, judge].join();
    const row = rows.get(key) ?? {
      template,
      data,
      judge,
      seeds: 0,
      outcomes: {},
      right: 0,
      failed: {},
      missing: {},
    };
    rows.set(key, row);
    row.seeds += 1;
    count(row.outcomes, result.gate);
    for (const name of result.failed) count(row.failed, name);
    for (const name of result.missing) count(row.missing, name);
    if (round.module === undefined) row.right += Number(isRight(result, injected));
    else delete row.right;
  }
  const left = ((performance.now() - begun) / (i + 1)) * (rounds.length - i - 1);
  process.stderr.write(`${i + 1} of ${rounds.length}, about ${Math.ceil(left / 60_000)} min left\n`);
}

function count(counts, key) {
  counts[key] = (counts[key] ?? 0) + 1;
}

const judged = [...rows.values()];
const wrong = judged.filter(({ right, seeds }) => right !== undefined && right < seeds);
const figures = { machine: describeMachine(), reasons: REASONS, wrong: wrong.length, rows: judged };
process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
process.exitCode = wrong.length === 0 ? 0 : 1;
