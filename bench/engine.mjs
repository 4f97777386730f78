#!/usr/bin/env node
/**
 * The engine's speed and memory beside PyTorch's and transformers', llama.cpp's server, and another built tree of this repository:
 * each round runs every job once with each that can do it, in turn, a process a run. Prints JSON, and a table to stderr.
 *
 *     node scripts/smollm2.mjs && node scripts/llama-cpp.mjs
 *     npm run bench:engine -- --python .cache/smollm2/bin/python --llama .cache/llama-cpp --before ../before --rounds 3
 *
 * Without --python, --llama or --before these engines are left out; --only NAME (again for more) runs some of the jobs.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { formatTable, quantile, spread } from './shared/figures.mjs';
import { describeMachine, versionsIn } from './shared/machine.mjs';

const at = (file) => fileURLToPath(new URL(file, import.meta.url));
const { values } = parseArgs({
  options: {
    before: { type: 'string' },
    python: { type: 'string' },
    llama: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    runs: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true },
  },
});
const [rounds, runs] = [values.rounds, values.runs].map(Number);

const SMOLLM2 = { model: at('../.cache/smollm2/model'), vocabulary: 49152 };
const JUDGE = { model: at('../examples/quickstart/models/judge'), vocabulary: 1024 };
const POLICY = { model: at('../examples/quickstart/models/policy'), vocabulary: 1024 };

/**
 * Rows of `prompts` prompts, each of so many tokens of which the last `ownTokens` differ by row. `frozen`: nothing trains the
 * weights. `peerRows`: PyTorch's gradient is accumulated over so many rows at a time.
 */
const JOBS = {
  'decode quickstart policy, 128 x 64, 16 prompts of 70': {
    kind: 'decode',
    ...POLICY,
    rows: 128,
    prompts: 16,
    promptTokens: 70,
    answerTokens: 64,
  },
  'decode quickstart judge, 128 x 90, 16 prompts of 130 and 60 of each row': {
    kind: 'decode',
    ...JUDGE,
    rows: 128,
    prompts: 16,
    promptTokens: 190,
    ownTokens: 60,
    answerTokens: 90,
    frozen: true,
  },
  'decode SmolLM2-135M, 32 x 64, 4 prompts of 200': {
    kind: 'decode',
    ...SMOLLM2,
    rows: 32,
    prompts: 4,
    promptTokens: 200,
    answerTokens: 64,
    frozen: true,
  },
  'decode SmolLM2-135M, 64 x 64, 1 prompt of 1500': {
    kind: 'decode',
    ...SMOLLM2,
    rows: 64,
    prompts: 1,
    promptTokens: 1500,
    answerTokens: 64,
    frozen: true,
  },
  'gradient SmolLM2-135M, 8 x 256, no prompt': {
    kind: 'gradient',
    ...SMOLLM2,
    rows: 8,
    prompts: 8,
    promptTokens: 1,
    answerTokens: 256,
  },
  'gradient SmolLM2-135M, 8 x 60, 1 prompt of 200': {
    kind: 'gradient',
    ...SMOLLM2,
    rows: 8,
    prompts: 1,
    promptTokens: 200,
    answerTokens: 60,
  },
  'gradient SmolLM2-135M, 8 x 100, 1 prompt of 1500': {
    kind: 'gradient',
    ...SMOLLM2,
    rows: 8,
    prompts: 1,
    promptTokens: 1500,
    answerTokens: 100,
    // More at once than PyTorch has room for in 23 GB.
    peerRows: 2,
  },
};

const ours = (tree) => (job) => [process.execPath, [at('engine/ours.mjs'), tree, job]];
const llama = (type, prompts) => (job) => [
  process.execPath,
  [at('engine/llama.mjs'), values.llama, type, prompts, job],
];
const decodesSmollm2 = ({ kind, model }) => kind === 'decode' && model === SMOLLM2.model;

/** How a job is started with each engine, and which it can do, where it cannot do all. */
const ENGINES = {
  touchstone: { start: ours(at('..')) },
  ...(values.before && { before: { start: ours(path.resolve(values.before)) } }),
  ...(values.python && { pytorch: { start: (job) => [values.python, [at('engine/peer.py'), job]] } }),
  ...(values.llama && {
    'llama F32': { start: llama('f32', 'new'), can: decodesSmollm2 },
    'llama F32, prompts cached': { start: llama('f32', 'cached'), can: decodesSmollm2 },
    'llama Q8_0': { start: llama('q8_0', 'new'), can: decodesSmollm2 },
    'llama Q8_0, prompts cached': { start: llama('q8_0', 'cached'), can: decodesSmollm2 },
  }),
};
const enginesFor = (job) => Object.keys(ENGINES).filter((name) => ENGINES[name].can?.(job) ?? true);

/** @returns what the engine printed, or the end of what went wrong */
function measure(engine, job) {
  const [command, args] = ENGINES[engine].start(JSON.stringify({ ...job, runs }));
  const { status, signal, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status === 0) return JSON.parse(stdout.trim().split('\n').at(-1));
  return { failed: signal ?? stderr.trim().split('\n').slice(-3).join(' ') };
}

/** Times of another model, or of the same one read wrongly, would mean nothing. */
function checkSameModel() {
  const job = { kind: 'greedy', ...SMOLLM2, rows: 4, prompts: 4, promptTokens: 200, answerTokens: 16 };
  const [mine, theirs] = ['touchstone', 'llama F32'].map((engine) => JSON.stringify(measure(engine, job)));
  if (mine === theirs) return;
  throw new Error(`expected llama.cpp to find the engine's likeliest tokens, ${mine}, got ${theirs}`);
}

const chosen = Object.entries(JOBS).filter(([name, { model }]) => {
  if (!(values.only ?? [name]).some((part) => name.includes(part))) return false;
  if (!existsSync(model)) process.stderr.write(`left out, without ${model}: ${name}\n`);
  return existsSync(model);
});
const measured = Object.fromEntries(
  chosen.map(([name, job]) => [name, Object.fromEntries(enginesFor(job).map((engine) => [engine, []]))]),
);
if (values.llama && chosen.some(([, job]) => decodesSmollm2(job))) checkSameModel();
for (let round = 0; round < rounds; round++) {
  for (const [name, job] of chosen) {
    const order = enginesFor(job);
    for (const engine of round % 2 === 1 ? order.reverse() : order) {
      const result = measure(engine, job);
      measured[name][engine].push(result);
      process.stderr.write(`round ${round + 1}, ${name}, ${engine}: ${JSON.stringify(result)}\n`);
    }
  }
}

function summarise(results, { rows, answerTokens }) {
  const failed = results.find((result) => result.failed)?.failed;
  if (failed) return { failed };
  const seconds = results.flatMap((result) => result.seconds);
  return {
    seconds: spread(seconds),
    answer_tokens_per_second: Math.round((rows * answerTokens) / quantile(seconds, 0.5)),
    peak_gb: Number((Math.max(...results.map((result) => result.peak_mb)) / 1024).toFixed(2)),
    about: results[0].about,
  };
}

/** Of each round, so that what the machine does in between counts little. */
function ratios(ours, others) {
  const each = ours.flatMap((one, i) =>
    one.failed || others[i].failed ? [] : [quantile(others[i].seconds, 0.5) / quantile(one.seconds, 0.5)],
  );
  return spread(each, 2);
}

const jobs = Object.fromEntries(
  chosen.map(([name, job]) => [
    name,
    {
      ...Object.fromEntries(Object.entries(measured[name]).map(([engine, r]) => [engine, summarise(r, job)])),
      times_as_fast_as: Object.fromEntries(
        enginesFor(job)
          .slice(1)
          .map((engine) => [engine, ratios(measured[name].touchstone, measured[name][engine])]),
      ),
    },
  ]),
);
const machine = describeMachine(values.python && versionsIn(values.python, ['torch', 'transformers']));
process.stdout.write(`${JSON.stringify({ machine, rounds, runs, jobs }, null, 2)}\n`);
process.stderr.write(
  formatTable(
    ['job', 'engine', 'tokens/s', 'GB', 'ours is so many times as fast'],
    Object.entries(jobs).flatMap(([name, { times_as_fast_as: times, ...engines }]) =>
      Object.entries(engines).map(([engine, { answer_tokens_per_second: speed, peak_gb: peak }]) => [
        name,
        engine,
        speed,
        peak,
        times[engine]?.median,
      ]),
    ),
  ),
);
