#!/usr/bin/env node
/**
 * Whether the map of criteria and metrics is right where it is known what is: on a SIMULATED product (`alignment/product.mjs`) a pilot says how many
 * answers it takes, and so many, drawn anew, are named. A seed is right where each of the four criteria has its name for both metrics. Prints JSON.
 *
 *     npm run bench:alignment -- --seeds 20 --pilot 80
 */
import { parseArgs } from 'node:util';
import { simulate, TRUTH } from './alignment/product.mjs';
import { describeMachine } from './shared/machine.mjs';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '20' }, pilot: { type: 'string', default: '80' } },
});
const results = [];
for (let seed = 1; seed <= Number(values.seeds); seed++) {
  const result = simulate(seed, Number(values.pilot));
  results.push(result);
  process.stderr.write(
    `seed ${seed}: ${result.asked} answers asked for, ${result.right ? 'all right' : JSON.stringify(result.wrong)}\n`,
  );
}
const right = results.filter((result) => result.right).length;
const machine = describeMachine();
process.stdout.write(
  `${JSON.stringify({ simulation: 'a simulated product, judge and users', truth: TRUTH, pilot: Number(values.pilot), right, of: results.length, machine, results }, null, 2)}\n`,
);
process.exitCode = right >= 0.9 * results.length ? 0 : 1;
