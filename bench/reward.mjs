#!/usr/bin/env node
/**
 * The reward function at scale, against a provider SIMULATOR (`packages/testing`, its own process, real HTTP) that has a
 * rate limit, log-normal latency and faults, and the same work through other people's judge paths:
 *
 *     npm run bench:reward -- --peers --out reward.json
 *     npm run bench:reward -- --quick
 *
 * No figure here says anything about a model: the simulator judges by a rule, so that each verdict can be checked.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { PRODUCTION } from '@touchstone/testing';
import { captureRequest } from './reward/capture-request.mjs';
import { installPeers, ownCases } from './reward/cases.mjs';
import { measureCpu } from './reward/measure-cpu.mjs';
import { evaluate } from './reward/evaluate.mjs';
import { printReport } from './reward/print.mjs';
import { MAX_TOKENS, PLAIN_PROMPT } from './reward/rubric.mjs';
import { runClient } from './reward/run-client.mjs';
import { makeSamples } from './reward/samples.mjs';
import { describeMachine, versionOf } from './shared/machine.mjs';
import { spawnProvider } from './shared/spawn-provider.mjs';

const { values } = parseArgs({
  options: {
    samples: { type: 'string' },
    seed: { type: 'string', default: '1' },
    'requests-per-minute': { type: 'string' },
    'cap-seconds': { type: 'string' },
    concurrency: { type: 'string', default: '32' },
    only: { type: 'string' },
    peers: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
const seed = Number(values.seed);
const count = Number(values.samples ?? (values.quick ? 150 : 2000));
const requestsPerMinute = Number(values['requests-per-minute'] ?? 840);
/** The two limits bind in turn: prompts of 16–32 kB and the reserve for the reply come to about 6,300 tokens. */
const limits = {
  requestsPerMinute,
  tokensPerMinute: requestsPerMinute * 6800,
  burstSeconds: 2,
};
const idealSeconds = count / (requestsPerMinute / 60) / (1 - faultShare(PRODUCTION));
/** Time enough for whoever keeps to the limit; what a peer has done by its cap counts. */
const fullCap = Math.round(2 * idealSeconds + 20);
const peerCap = Number(values['cap-seconds'] ?? fullCap);
const capOf = (name) => (/^(touchstone|bare)/.test(name) ? fullCap : peerCap);
const log = (line) => process.stderr.write(`${line}\n`);

const samples = makeSamples(count, seed);
const folder = mkdtempSync(path.join(tmpdir(), 'touchstone-bench-'));
try {
  const file = path.join(folder, 'samples.jsonl');
  writeFileSync(file, samples.map((sample) => `${JSON.stringify(sample)}\n`).join(''));
  const job = {
    samples: file,
    seed,
    maxTokens: MAX_TOKENS,
    plainPrompt: PLAIN_PROMPT,
    concurrency: Number(values.concurrency),
    timeoutSeconds: 20,
    attempts: 6,
  };

  const peers = values.peers ? await installPeers(log) : { cases: [], skipped: {}, versions: {} };
  const wanted = values.only?.split(',');
  const request = await captureRequest({ seed, maxTokens: MAX_TOKENS });
  const cases = [...ownCases({ request, requestsPerMinute }), ...peers.cases].filter(
    ({ name }) => wanted?.includes(name) ?? true,
  );
  const figures = {
    provider: 'simulator',
    machine: describeMachine({ python: versionOf('python3', '--version'), peers: peers.versions }),
    setup: {
      seed,
      samples: count,
      limits,
      behaviour: PRODUCTION,
      concurrency_of_peers: job.concurrency,
      timeout_seconds: job.timeoutSeconds,
      attempts: job.attempts,
      cap_seconds: { ours: fullCap, peers: peerCap },
    },
    clients: {},
    skipped: values.peers ? peers.skipped : { peers: 'not asked for: add --peers' },
    cpu: null,
  };
  for (const { name, declaresLimits, command, script, more = {} } of cases) {
    log(`${name}: ${count} samples, at most ${capOf(name)} s`);
    const provider = await spawnProvider({ seed, limits, behaviour: PRODUCTION });
    try {
      const run = await runClient({
        command,
        script,
        job: { ...job, url: provider.url, limits: declaresLimits ? limits : null, ...more },
        capSeconds: capOf(name),
      });
      figures.clients[name] = evaluate(samples, run, await provider.report(), limits);
    } finally {
      await provider.close();
    }
  }
  if (wanted === undefined || wanted.includes('cpu')) {
    log('processor time a call, without limit and faults');
    figures.cpu = await measureCpu({
      job: { ...job, request },
      rounds: values.quick ? 3 : 7,
      passes: values.quick ? 2 : 8,
      seed,
    });
  }
  if (values.out) writeFileSync(values.out, `${JSON.stringify(figures, null, 2)}\n`);
  process.stdout.write(values.json ? `${JSON.stringify(figures, null, 2)}\n` : printReport(figures));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function faultShare({ faults }) {
  return Object.values(faults).reduce((sum, share) => sum + share, 0);
}
