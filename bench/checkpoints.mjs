#!/usr/bin/env node
/**
 * Which checkpoint to keep: rules on simulated trainings, whose true score at each checkpoint is known. Of each rule the mean of what it gives away
 * (best true score less that of its choice), what it gives away in the worst twentieth of trainings, and how much too good its choice looks
 * (measured score less the true one). Prints JSON.
 *
 *     npm run bench:checkpoints -- --trainings 2000 --tasks 32
 */
import { parseArgs } from 'node:util';
import { chooseCheckpoint } from '@touchstone/lab';
import { random } from '@touchstone/spec';
import { quantile } from './shared/figures.mjs';

const { values } = parseArgs({
  options: {
    trainings: { type: 'string', default: '2000' },
    tasks: { type: 'string', default: '32' },
    seed: { type: 'string', default: '1' },
  },
});
const [trainings, tasks, seed] = [values.trainings, values.tasks, values.seed].map(Number);
const CHECKPOINTS = 16;
/** Of a task's score about its mean: between tasks, and between checkpoints, where neighbours are alike by `CARRY`. */
const [SD_TASK, SD_ANSWER, CARRY] = [0.2, 0.2, 0.5];

/** True scores by checkpoint, t of 0–1 over the training. */
const CURVES = {
  'rises and stays': (t) => 0.5 + 0.25 * (1 - Math.exp(-6 * t)),
  'rises to the end': (t) => 0.5 + 0.25 * t,
  'rises slowly': (t) => 0.6 + 0.06 * t,
  'rises late': (t) => (t < 0.6 ? 0.5 : 0.5 + 0.5 * (t - 0.6)),
  'is hacked: rises and falls': (t) => 0.5 + (t < 0.4 ? 0.5 * t : 0.2 - 0.5 * (t - 0.4)),
  'is hacked a little': (t) => 0.6 + (t < 0.4 ? 0.15 * t : 0.06 - 0.15 * (t - 0.4)),
  'is hacked at once': (t) => 0.5 + (t < 0.7 ? 0.3 * t : -0.1),
  'does not change': () => 0.6,
};

const meanOf = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
const measured = ({ scores }) => meanOf([...scores.values()]);
const highest = (all) => all.reduce((best, one) => (measured(one) > measured(best) ? one : best));

/** Whether a checkpoint is below another by more than so many standard errors of their difference, paired by task. */
function below(one, other, errors) {
  const differences = [...other.scores].map(([task, score]) => score - one.scores.get(task));
  const mean = meanOf(differences);
  const variance = meanOf(differences.map((d) => (d - mean) ** 2)) / (differences.length - 1);
  return mean > errors * Math.sqrt(variance);
}
const earliest = (errors) => (all) => all.find((one) => !below(one, highest(all), errors));
const stepped = (all, kept) => {
  const { step } = chooseCheckpoint(all, kept);
  return all.find((one) => one.step === step);
};

/** The highest mean over a checkpoint and its neighbours. */
function smoothed(all) {
  const means = all.map(measured);
  const around = means.map((_, i) => meanOf(means.slice(Math.max(0, i - 1), i + 2)));
  return all[around.indexOf(Math.max(...around))];
}

const RULES = {
  'the highest': highest,
  'the last': (all) => all.at(-1),
  'the earliest within one standard error': earliest(1),
  'the highest with its neighbours': smoothed,
  'chooseCheckpoint, all kept': (all) => stepped(all, Infinity),
  'chooseCheckpoint, 5 kept': (all) => stepped(all, 5),
};

/** Scores of one simulated training. */
function simulate(curve, draw) {
  const levels = Array.from({ length: tasks }, () => SD_TASK * draw.normal());
  const noise = levels.map(() => SD_ANSWER * draw.normal());
  return Array.from({ length: CHECKPOINTS }, (_, i) => {
    const truth = curve(i / (CHECKPOINTS - 1));
    const scores = new Map();
    levels.forEach((level, task) => {
      noise[task] = CARRY * noise[task] + Math.sqrt(1 - CARRY ** 2) * SD_ANSWER * draw.normal();
      // Cut alike on both sides, so that the true mean stays what it is.
      scores.set(`t${task}`, truth + level + Math.max(-0.33, Math.min(0.33, noise[task])));
    });
    return { step: i + 1, truth, scores };
  });
}

const round = (value) => Number(value.toFixed(4));
const result = {};
for (const [name, curve] of Object.entries(CURVES)) {
  const draw = random(seed, name);
  const found = Object.fromEntries(Object.keys(RULES).map((rule) => [rule, { lost: [], flattered: [] }]));
  for (let n = 0; n < trainings; n++) {
    const all = simulate(curve, draw);
    const best = Math.max(...all.map(({ truth }) => truth));
    // What a task is like is no luck of a checkpoint.
    const common = meanOf(all.map((one) => measured(one) - one.truth));
    for (const [rule, choose] of Object.entries(RULES)) {
      const chosen = choose(all);
      found[rule].lost.push(best - chosen.truth);
      found[rule].flattered.push(measured(chosen) - chosen.truth - common);
    }
  }
  result[name] = Object.fromEntries(
    Object.entries(found).map(([rule, { lost, flattered }]) => [
      rule,
      {
        lost: round(meanOf(lost)),
        lost_p95: round(quantile(lost, 0.95)),
        flattered: round(meanOf(flattered)),
      },
    ]),
  );
}
process.stdout.write(
  `${JSON.stringify({ trainings, tasks, checkpoints: CHECKPOINTS, seed, curves: result }, null, 2)}\n`,
);
