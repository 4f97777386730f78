#!/usr/bin/env node
/**
 * Reinforcement fine-tuning here and in TRL's GRPOTrainer on the CPU: the same weights, tasks, reward and settings, a process a
 * run, the two in turn by seed. Do they learn as much, and how long does a step take? Prints JSON, and a table to stderr.
 *
 *     npm run bench:rft -- --python PYTHON     (one that has torch, transformers, trl and what it needs)
 *
 * Curves of two samplers differ by chance. So the answers that TRL drew with the first seed are also learnt from here, step by
 * step: rewards must be equal, and gradients as near as float32 is.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ADAMW_DEFAULTS } from '@touchstone/engine';
import { meanInterval, pairedDifference } from '@touchstone/lab';
import { prepareQuickstart } from '@touchstone/quickstart';
import { formatTable, quantile, spread } from './shared/figures.mjs';
import { describeMachine, versionsIn } from './shared/machine.mjs';

const at = (file) => fileURLToPath(new URL(file, import.meta.url));
const { values } = parseArgs({
  options: {
    python: { type: 'string' },
    seeds: { type: 'string', default: '3' },
    steps: { type: 'string', default: '20' },
  },
});
const { python } = values;
const versions = python && versionsIn(python, ['trl', 'transformers', 'torch']);
if (!versions?.trl) throw new Error('--python: expected a Python that has torch, transformers and trl');
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);

const SETTINGS = {
  // Answers of the quickstart's policy are reviews of contracts; marks are for JSON, and for being short.
  reward: {
    checks: [
      { type: 'json', gate: true },
      { type: 'length', max: 120, tolerance: 240, weight: 1 },
    ],
  },
  sampling: { max_tokens: 64, temperature: 1 },
  adamw: { beta1: ADAMW_DEFAULTS.beta1, beta2: ADAMW_DEFAULTS.beta2, epsilon: ADAMW_DEFAULTS.epsilon },
  training: {
    steps: Number(values.steps),
    prompts_per_step: 4,
    group_size: 8,
    learning_rate: 3e-4,
    weight_decay: 0,
    max_grad_norm: 1,
    clip_low: 0.2,
    clip_high: 0.28,
    deviation: 'group',
    // Neither side has a reference model.
    kl_coefficient: 0,
  },
};
const { steps, prompts_per_step } = SETTINGS.training;
const MODEL = 'examples/quickstart/models/policy';

const mean = (numbers) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
const rounded = (number) => Number(number.toFixed(4));
const medianSeconds = ({ steps: all }) =>
  // The first step builds what the others use.
  quantile(
    all.slice(1).map(({ seconds }) => seconds),
    0.5,
  );
/** Where other work runs, threads that spin while they wait make PyTorch three times slower; the engine's do not spin. */
const ENVIRONMENT = { OMP_WAIT_POLICY: 'PASSIVE', ...process.env };
const folder = mkdtempSync(path.join(tmpdir(), 'touchstone-rft-'));
const sides = {
  touchstone: [process.execPath, at('rft/ours.mjs')],
  trl: [python, at('rft/peer.py')],
};

/** @returns {{ load: number, steps: object[] }} what each step did */
function measure(side, seed, more = {}) {
  const job = {
    ...SETTINGS,
    seed,
    model: at(`../${MODEL}`),
    tasks: path.join(folder, `${seed}`, 'data', 'train.jsonl'),
    answers: path.join(folder, `answers-${seed}.json`),
    ...more,
  };
  const [load] = loadavg();
  const [command, script] = sides[side];
  const { status, signal, stdout, stderr } = spawnSync(command, [script, JSON.stringify(job)], {
    encoding: 'utf8',
    env: ENVIRONMENT,
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${side}, seed ${seed}, ended with ${signal ?? status}: ${stderr}`);
  return { load: rounded(load), steps: JSON.parse(stdout.trim().split('\n').at(-1)) };
}

/** The peer's answers learnt from here: how far rewards and gradients are apart. */
function compareOnSameAnswers(seed, peer) {
  const own = measure('touchstone', seed, { replay: path.join(folder, `answers-${seed}.json`) }).steps;
  const apart = peer.flatMap(({ rewards }, i) => rewards.map((r, k) => Math.abs(r - own[i].rewards[k])));
  const gradients = peer.map(({ grad_norm }, i) => Math.abs(own[i].grad_norm / grad_norm - 1));
  return {
    seed,
    answers: apart.length,
    rewards_apart_at_most: Math.max(...apart),
    gradient_norms_apart: {
      first_step: gradients[0],
      median: quantile(gradients, 0.5),
      at_most: Math.max(...gradients),
    },
  };
}

async function runAll() {
  const runs = { touchstone: [], trl: [] };
  let sameAnswers;
  for (const seed of seeds) {
    await prepareQuickstart(path.join(folder, `${seed}`), seed, {
      sizes: { train: steps * prompts_per_step, eval: 1, annotations: 1, labelled: 1, regression: 1 },
    });
    const order = Object.keys(sides);
    if (seed % 2 === 0) order.reverse();
    for (const side of order) {
      const run = measure(side, seed);
      runs[side].push(run);
      const seconds = medianSeconds(run).toFixed(2);
      process.stderr.write(`seed ${seed}, ${side}: ${seconds} s a step, load ${run.load} before\n`);
    }
    sameAnswers ??= compareOnSameAnswers(seed, runs.trl[0].steps);
  }
  return { runs, sameAnswers };
}

/** Of curves of mean rewards by step, one of each seed: have both sides learnt the same, as far as these seeds tell? */
function compareCurves(ours, theirs) {
  const last = Math.ceil(steps / 4);
  const late = (curve) => mean(curve.slice(-last));
  const bySteps = (curves) => curves[0].map((_, i) => curves.map((curve) => curve[i]));
  const inside = (curves, others) =>
    bySteps(curves).filter((rewards, i) => {
      const interval = meanInterval(rewards);
      const other = mean(bySteps(others)[i]);
      return interval && interval.low <= other && other <= interval.high;
    }).length;
  const difference = pairedDifference(ours.map(late), theirs.map(late));
  const overall = pairedDifference(ours.map(mean), theirs.map(mean));
  const learnt = mean([...ours, ...theirs].map((curve) => late(curve) - curve[0]));
  return {
    last_steps: last,
    learnt: rounded(learnt),
    reward_of_last_steps: { touchstone: rounded(mean(ours.map(late))), trl: rounded(mean(theirs.map(late))) },
    difference_of_last_steps: difference,
    difference_of_all_steps: overall,
    steps_with_trl_inside_interval_of_touchstone: inside(ours, theirs),
    steps_with_touchstone_inside_interval_of_trl: inside(theirs, ours),
    verdict: verdictOf(difference, learnt),
  };
}

/** An interval wider than half of what was learnt contains 0 whatever the trainers do. */
function verdictOf(difference, learnt) {
  if (!difference) return 'cannot tell: one seed has no interval';
  if (difference.low > 0 || difference.high < 0) return 'differ';
  return difference.high - difference.low < learnt / 2 ? 'agree' : 'cannot tell: the interval is too wide';
}

try {
  const machine = describeMachine(versions);
  const { runs, sameAnswers } = await runAll();
  const curves = Object.fromEntries(
    Object.entries(runs).map(([side, all]) => [
      side,
      all.map((run) => run.steps.map(({ rewards }) => rounded(mean(rewards)))),
    ]),
  );
  const agreement = compareCurves(curves.touchstone, curves.trl);
  const seconds = Object.fromEntries(
    Object.entries(runs).map(([side, all]) => [
      side,
      {
        first_step: spread(all.map((run) => run.steps[0].seconds)),
        later_steps: spread(all.flatMap((run) => run.steps.slice(1).map((step) => step.seconds))),
        load_before: all.map(({ load }) => load),
      },
    ]),
  );
  // Of each seed, so that what the machine does in between counts little.
  const ratios = runs.trl.map((run, i) => medianSeconds(run) / medianSeconds(runs.touchstone[i]));
  const result = {
    machine: { ...machine, load_at_end: rounded(loadavg()[0]) },
    model: MODEL,
    omp_wait_policy: ENVIRONMENT.OMP_WAIT_POLICY,
    settings: SETTINGS,
    seeds,
    same_answers: sameAnswers,
    agreement,
    seconds_a_step: seconds,
    times_as_fast: spread(ratios, 2),
    curves,
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  process.stderr.write(
    formatTable(
      ['', 'first reward', 'reward of the last quarter', 's a step'],
      Object.keys(sides).map((side) => [
        side,
        mean(curves[side].map(([first]) => first)).toFixed(3),
        agreement.reward_of_last_steps[side].toFixed(3),
        seconds[side].later_steps.median,
      ]),
    ),
  );
  process.stderr.write(
    `curves: ${agreement.verdict}; a step is ${result.times_as_fast.median} times as fast\n`,
  );
  if (sameAnswers.rewards_apart_at_most > 1e-9) throw new Error('the two rewards are not the same function');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
