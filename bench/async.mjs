#!/usr/bin/env node
/**
 * Asynchronous training beside synchronous training, with a judge that takes 5 s a call, as JSON: how long each takes, what the slowest of
 * sampling, judging and updating takes alone, how good the answers to held-out tasks are after either, and the memory of a training
 * whose judge is ten times too slow.
 *
 *     npm run bench:async
 *     npm run bench:async -- --steps 6 --seeds 1 --memory-steps 50     (a quick look; --seeds 0 for the memory alone)
 *
 * The judge is a SIMULATOR of a provider over HTTP that judges by rule.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { trainingsInterval } from '@touchstone/lab';
import { prepareQuickstart } from '@touchstone/quickstart';
import { ruleJudge, startProvider } from '@touchstone/testing';
import { marksOf } from './async/setup.mjs';
import { quantile } from './shared/figures.mjs';
import { describeMachine } from './shared/machine.mjs';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '20' },
    seeds: { type: 'string', default: '3' },
    'judge-seconds': { type: 'string', default: '5' },
    concurrency: { type: 'string', default: '16' },
    'age-tolerance': { type: 'string', default: '2' },
    'memory-steps': { type: 'string', default: '500' },
    'memory-judge-seconds': { type: 'string' },
  },
});
const number = (name) => Number(values[name]);
const MAIN = fileURLToPath(new URL('async/training.mjs', import.meta.url));
const machine = describeMachine();
const log = (line) => process.stderr.write(`${line}\n`);
const rounded = (value, digits = 3) => (value === null ? null : Number(value.toFixed(digits)));

let latencyMs = number('judge-seconds') * 1000;
const simulator = await startProvider({
  respond: ruleJudge((candidate) => ({ Form: marksOf(candidate) })),
  fate: () => ({ kind: 'reply', latencyMs }),
});
const folder = mkdtempSync(path.join(tmpdir(), 'touchstone-async-'));

/** One measurement in a process of its own, while this one serves the judge. */
async function measure(job) {
  const child = spawn(
    process.execPath,
    ['--expose-gc', MAIN, JSON.stringify({ ...job, url: simulator.url })],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let out = '';
  child.stdout.on('data', (data) => (out += data.toString()));
  const status = await new Promise((resolve) => child.on('close', resolve));
  if (status !== 0) throw new Error(`${job.measure}, seed ${job.seed}, ended with exit code ${status}`);
  return JSON.parse(out.trim().split('\n').at(-1));
}

const SHARED = { steps: number('steps'), prompts_per_step: 4, group_size: 4, learning_rate: 3e-4 };
const ASYNCHRONOUS = { type: 'off_policy_async', age_tolerance: number('age-tolerance') };

/** The quickstart's data. @returns its folder */
async function prepare(name, seed = 1) {
  const data = path.join(folder, name);
  const train = (SHARED.steps + 1) * SHARED.prompts_per_step;
  await prepareQuickstart(data, seed, {
    sizes: { train, eval: 32, annotations: 1, labelled: 1, regression: 1 },
  });
  return data;
}

async function compare(seed) {
  const data = await prepare(`${seed}`, seed);
  const job = { seed, folder: data, concurrency: number('concurrency'), training: SHARED };
  const alone = await measure({ ...job, measure: 'stages' });
  log(`seed ${seed}, alone: ${JSON.stringify(alone)}`);
  const trainings = { synchronous: SHARED, asynchronous: { ...SHARED, ...ASYNCHRONOUS } };
  const runs = {};
  // The other one first every second seed.
  const names = seed % 2 === 0 ? ['asynchronous', 'synchronous'] : ['synchronous', 'asynchronous'];
  for (const name of names) {
    runs[name] = await measure({ ...job, training: trainings[name], measure: 'training' });
    const { seconds, judging_seconds } = runs[name];
    log(`seed ${seed}, ${name}: ${seconds.toFixed(1)} s, its judge alone ${judging_seconds.toFixed(1)} s`);
  }
  return { seed, alone, ...runs };
}

const summaryOf = ({ scores_P_G, ...run }) => ({
  ...Object.fromEntries(Object.entries(run).map(([name, value]) => [name, rounded(value)])),
  held_out_score: rounded(mean(scores_P_G.flat())),
});
const mean = (numbers) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
const interval = (trainings) => {
  const found = trainingsInterval(trainings);
  return (
    found && { mean: rounded(found.mean), low: rounded(found.low), high: rounded(found.high), n: found.n }
  );
};
const differenceOf = ({ synchronous, asynchronous }) =>
  asynchronous.scores_P_G.map((scores, p) => [mean(scores) - mean(synchronous.scores_P_G[p])]);

/** A judge that takes ten times as long as all else of a step: what is drawn must not heap up. */
async function measureMemory() {
  const steps = number('memory-steps');
  if (steps === 0) return null;
  const job = {
    seed: 1,
    folder: await prepare('memory'),
    concurrency: 8,
    tiny: true,
    training: { ...SHARED, ...ASYNCHRONOUS, prompts_per_step: 2, group_size: 4, steps },
  };
  const alone = await measure({ ...job, measure: 'stages', training: { ...job.training, steps: 20 } });
  const ownSeconds = (alone.sampling_seconds + alone.updating_seconds) / 20;
  const judgeSeconds = Number(values['memory-judge-seconds'] ?? 10 * ownSeconds);
  latencyMs = judgeSeconds * 1000;
  log(`memory: ${steps} steps of ${judgeSeconds.toFixed(2)} s`);
  const { seconds, resident } = await measure({ ...job, measure: 'memory' });
  const part = (from, to) =>
    rounded(quantile(resident.slice(Math.floor(from * steps), Math.ceil(to * steps)), 0.5), 1);
  return {
    steps,
    seconds: rounded(seconds, 1),
    seconds_of_a_step_without_judge: rounded(ownSeconds),
    judge_seconds_of_a_step: rounded(judgeSeconds),
    /** Medians of fifths of the training, and the highest of all. */
    resident_mib: [0, 0.2, 0.4, 0.6, 0.8].map((from) => part(from, from + 0.2)),
    highest_mib: rounded(Math.max(...resident), 1),
  };
}

try {
  const trainings = [];
  for (let seed = 1; seed <= number('seeds'); seed++) trainings.push(await compare(seed));
  const figures = {
    judge: 'simulator',
    judge_seconds: number('judge-seconds'),
    judge_concurrency: number('concurrency'),
    machine,
    training: { ...SHARED, ...ASYNCHRONOUS },
    seeds: trainings.map(({ seed, alone, synchronous, asynchronous }) => ({
      seed,
      alone: Object.fromEntries(Object.entries(alone).map(([name, value]) => [name, rounded(value, 1)])),
      synchronous: summaryOf(synchronous),
      asynchronous: summaryOf(asynchronous),
      asynchronous_over_slowest_stage: rounded(
        asynchronous.seconds / Math.max(asynchronous.judging_seconds, ...Object.values(alone)),
      ),
      asynchronous_over_synchronous: rounded(asynchronous.seconds / synchronous.seconds),
    })),
    /** Over trainings and tasks, 95 %. */
    held_out: {
      synchronous: interval(trainings.map(({ synchronous }) => synchronous.scores_P_G)),
      asynchronous: interval(trainings.map(({ asynchronous }) => asynchronous.scores_P_G)),
      asynchronous_minus_synchronous: interval(trainings.map(differenceOf)),
    },
    memory: await measureMemory(),
  };
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
} finally {
  await simulator.goDown();
  rmSync(folder, { recursive: true, force: true });
}
