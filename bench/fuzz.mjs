#!/usr/bin/env node
/**
 * Random and mutated judge replies through every reader of replies, and mutated Amazon Nova events through the event
 * parser and to an answer: no crash, no hang, no number out of range, one entry for each sample.
 *
 *     npm run bench:fuzz -- --runs 1000000 --events 100000 --seed 1
 *
 * Exit code 1 with the reply or event that broke something. Every one depends on the seed and its number alone.
 */
import { parseArgs } from 'node:util';
import { answerHostileEvent, hostileEvent, hostileReply, readHostile } from '@touchstone/testing';
import { print } from './data/shared.mjs';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000000' },
    events: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
  },
});
const seed = Number(values.seed);

/** Reads `runs` of them; says how many, and how long the slowest took, since a hang is a matter of degree. */
async function fuzz(runs, make, read) {
  const found = { runs, read: 0, failures: 0, slowest_ms: 0, slowest: 0 };
  for (let n = 0; n < runs; n++) {
    const input = make(seed, n);
    const begun = performance.now();
    try {
      found.read += await read(input);
    } catch (error) {
      found.failures++;
      if (found.failures <= 5)
        process.stderr.write(`number ${n}: ${error instanceof Error ? error.stack : String(error)}\n`);
    }
    const ms = performance.now() - begun;
    if (ms > found.slowest_ms) Object.assign(found, { slowest_ms: Math.round(ms), slowest: n });
  }
  return found;
}

const replies = await fuzz(Number(values.runs), hostileReply, readHostile);
const events = await fuzz(Number(values.events), hostileEvent, answerHostileEvent);
print(JSON.stringify({ seed, node: process.version, replies, events }, null, 2));
process.exitCode = replies.failures + events.failures === 0 ? 0 : 1;
