/**
 * What `bench:coverage` draws samples from. A sample is a list of tasks, each with 2 to 6 answers that share the task's own effect, or with one
 * (`_single`). Each setting has `task(random)`, which draws one task, and `measure(tasks)`, which gives the interval; the truth is the same
 * figure of a large sample. `second` draws tasks of a second sample, so many times as many.
 */
import {
  balancedAccuracyInterval,
  iccInterval,
  kappaInterval,
  kendallInterval,
  meanInterval,
  pairAccuracyInterval,
  pairedDifference,
  predictionPoweredInterval,
  roganGladenInterval,
  SHARE,
  shareInterval,
  spearman,
  spearmanInterval,
  trainingsInterval,
  withinTauInterval,
} from '@touchstone/lab';
import { EVALUATIONS } from './evaluations.mjs';

const several = (random) => 2 + random.integer(5);
const one = () => 1;
const list = (length, make) => Array.from({ length }, make);
/** To 0–1, with most of it near the middle. */
const squash = (x) => 1 / (1 + Math.exp(-1.7 * x));
/** To 0–1 in steps, as a graded judge's scores are. */
const grade = (x, steps) => Math.round(squash(x) * steps) / steps;

/** Shares: values of all answers with the task of each. */
const shares = (tasks) =>
  shareInterval(
    tasks.flat(),
    tasks.flatMap((answers, task) => answers.map(() => String(task))),
  );
const rate = (level, { sameTask = 1.2, own = 1.2, answers = several } = {}) => ({
  task: (random) => {
    const effect = sameTask * random.normal();
    return list(answers(random), () => Number(level + effect + own * random.normal() > 0));
  },
  measure: shares,
});
const score = (level, spread) => ({
  task: (random) => {
    const effect = spread * random.normal();
    return list(several(random), () => squash(level + effect + 0.9 * random.normal()));
  },
  measure: shares,
});

/** [judge, label] of 0 or 1: labels pass by `prevalence`, the judge is wrong by `error`, both with an effect of the task. */
const verdict = (random, prevalence, right, [ofLabel, ofError]) => {
  const label = Number(prevalence + ofLabel + random.normal() > 0);
  const wrong = right + ofError + random.normal() < 0;
  return [wrong ? 1 - label : label, label];
};
const verdicts =
  (prevalence, right, answers = several) =>
  (random) => {
    const effects = [0.6 * random.normal(), 0.6 * random.normal()];
    return list(answers(random), () => verdict(random, prevalence, right, effects));
  };
const kappa = (prevalence, right, answers = several) => ({
  task: verdicts(prevalence, right, answers),
  measure: (tasks) => kappaInterval(tasks.map((pairs) => [pairs])),
});
const booleans = (tasks) => tasks.map((pairs) => pairs.map(([judge, label]) => [judge === 1, label === 1]));
const balanced = (prevalence, right) => ({
  task: verdicts(prevalence, right),
  measure: (tasks) => balancedAccuracyInterval(booleans(tasks)),
});

/** [judge, label] graded: one quality read twice. */
const graded =
  (ofTask, ofAnswer, ofJudge, steps, answers = several) =>
  (random) => {
    const effect = ofTask * random.normal();
    const shift = 0.3 * random.normal();
    return list(answers(random), () => {
      const quality = effect + ofAnswer * random.normal();
      return [grade(quality + shift + ofJudge * random.normal(), steps), grade(quality, steps)];
    });
  };

/** Correlations of all pairs; their truth without the interval's n² steps. */
const correlated = (task, measure, truth) => ({
  task,
  measure,
  truth: (tasks) => ({ mean: truth(tasks.flat()) }),
  runs: 0.5,
});
/** Kendall's τ_b from a table of the readings that there are. */
function tauOfTable(pairs) {
  const table = new Map();
  for (const [a, b] of pairs) {
    const cell = table.get(`${a},${b}`) ?? { a, b, n: 0 };
    table.set(`${a},${b}`, cell);
    cell.n += 1;
  }
  let [same, untiedA, untiedB] = [0, 0, 0];
  for (const x of table.values())
    for (const y of table.values()) {
      const [orderA, orderB] = [Math.sign(x.a - y.a), Math.sign(x.b - y.b)];
      same += x.n * y.n * orderA * orderB;
      untiedA += x.n * y.n * Math.abs(orderA);
      untiedB += x.n * y.n * Math.abs(orderB);
    }
  return same / Math.sqrt(untiedA * untiedB);
}

/** Three repeats of each answer. */
const repeats = (ofTask, ofAnswer, own, read) => ({
  task: (random) => {
    const effect = ofTask * random.normal();
    return list(several(random), () => {
      const quality = effect + ofAnswer * random.normal();
      return list(3, () => read(quality + own * random.normal()));
    });
  },
  measure: iccInterval,
});
const inFifths = (x) => grade(x, 4);
const passOrFail = (x) => Number(x > 0);

const rogan = (prevalence, right, times) => ({
  task: verdicts(prevalence, right),
  second: times,
  measure: (tasks, others) =>
    roganGladenInterval(
      others.map((pairs) => pairs.map(([judge]) => judge === 1)),
      booleans(tasks),
    ),
  truth: (tasks) => shares(tasks.map((pairs) => pairs.map(([, label]) => label))),
});
const powered = (task, times) => ({
  task,
  second: times,
  measure: (tasks, others) =>
    predictionPoweredInterval(
      others.map((pairs) => pairs.map(([judge]) => judge)),
      tasks,
    ),
  truth: (tasks) => shares(tasks.map((pairs) => pairs.map(([, label]) => label))),
});

/** Differences of scores: all the trainings of one sample; n is the number of tasks. */
const trainingsOf = (seeds, apart) => ({
  sample: (random, n) => {
    const tasks = list(n, () => 0.15 * random.normal());
    return list(seeds, () => {
      const seed = apart * random.normal();
      return tasks.map((task) => {
        const cell = 0.1 * random.normal();
        return list(4, () => Math.max(-1, Math.min(1, 0.1 + task + seed + cell + 0.2 * random.normal())));
      });
    });
  },
  measure: (trainings) => trainingsInterval(trainings),
  value: 0.1,
});

/** A rate near 1 over trainings, such as that of valid answers: it differs by seed and by task. */
const trainedRate = (seeds) => ({
  sample: (random, n) => {
    const tasks = list(n, () => 0.01 * (2 * random.next() - 1));
    return list(seeds, () => {
      const rate = 0.97 + 0.015 * (2 * random.next() - 1);
      return tasks.map((task) => list(4, () => Number(random.next() < rate + task)));
    });
  },
  measure: (trainings) => trainingsInterval(trainings, SHARE),
  value: 0.97,
});

export const SETTINGS = {
  mean: score(0.5, 0.9),
  mean_near_1: score(2, 1.2),
  paired_difference: {
    task: (random) => {
      const effect = random.normal();
      const reading = (gain) =>
        list(4, () => squash(gain + effect + random.normal())).reduce((a, b) => a + b / 4, 0);
      return [reading(0.6), reading(0.3)];
    },
    measure: (tasks) =>
      pairedDifference(
        tasks.map(([a]) => a),
        tasks.map(([, b]) => b),
      ),
  },
  mean_single: {
    task: (random) => random.next() ** 2,
    measure: (values) => meanInterval(values),
  },
  rate_90: rate(2.2),
  rate_95: rate(2.8),
  rate_97: rate(3.2),
  rate_97_single: rate(1.88, { sameTask: 0, own: 1, answers: one }),
  rate_95_whole_tasks: rate(1.645, { sameTask: 1, own: 0 }),
  rate_05: rate(-2.8),
  kappa_balanced: kappa(0, 1),
  kappa_balanced_single: kappa(0, 1, one),
  kappa_near_perfect: kappa(0, 2),
  kappa_nearer_perfect: kappa(0, 2.6),
  kappa_near_perfect_single: kappa(0, 2, one),
  kappa_94_6: kappa(1.85, 2.2),
  kappa_94_6_near_perfect: kappa(1.85, 2.9),
  kappa_94_6_single: kappa(1.85, 2.2, one),
  kappa_graded: {
    task: graded(0.7, 0.7, 0.6, 4),
    measure: (tasks) => kappaInterval(tasks.map((pairs) => [pairs])),
  },
  balanced_accuracy: balanced(0, 1.2),
  balanced_accuracy_94_6: balanced(1.85, 1.6),
  icc_45: repeats(0.7, 0.7, 1, inFifths),
  icc_75: repeats(0.7, 0.7, 0.5, inFifths),
  icc_92: repeats(0.7, 0.7, 0.2, inFifths),
  icc_boolean: repeats(0.9, 0.9, 0.3, passOrFail),
  icc_boolean_94_6: {
    ...repeats(0.9, 0.9, 0.3, (x) => passOrFail(x + 2)),
  },
  spearman_50: correlated(graded(0.5, 0.5, 1.1, 10), spearmanInterval, spearman),
  spearman_80: correlated(graded(0.7, 0.7, 0.6, 10), spearmanInterval, spearman),
  spearman_95: correlated(graded(0.9, 0.9, 0.25, 20), spearmanInterval, spearman),
  spearman_80_single: correlated(graded(0.7, 0.7, 0.6, 10, one), spearmanInterval, spearman),
  kendall_65: correlated(graded(0.7, 0.7, 0.6, 10), kendallInterval, tauOfTable),
  pair_accuracy_55: { task: graded(1, 0.6, 6, 4), measure: pairAccuracyInterval },
  pair_accuracy_80: { task: graded(1, 0.6, 0.7, 6), measure: pairAccuracyInterval },
  pair_accuracy_95: { task: graded(1, 0.9, 0.25, 4), measure: pairAccuracyInterval },
  within_tau: { task: graded(1, 0.6, 0.7, 6), measure: withinTauInterval },
  rogan_gladen: rogan(0, 1.6, 4),
  rogan_gladen_as_many: rogan(0, 1.6, 1),
  rogan_gladen_88: rogan(1.3, 1.6, 4),
  rogan_gladen_good_judge: rogan(1.3, 2.4, 4),
  ppi: powered(verdicts(0.3, 1.3), 4),
  ppi_as_many: powered(verdicts(0.3, 1.3), 1),
  ppi_near_1: powered(verdicts(1.85, 1.8), 4),
  ppi_graded: powered(graded(0.7, 0.7, 0.6, 4), 4),
  ...Object.fromEntries(
    [3, 5].flatMap((seeds) => [
      [`trainings_${seeds}`, trainingsOf(seeds, 0.05)],
      // As much as the quickstart's seeds once moved RFT.
      [`trainings_${seeds}_apart`, trainingsOf(seeds, 0.08)],
      [`trainings_${seeds}_rate`, trainedRate(seeds)],
    ]),
  ),
  ...EVALUATIONS,
};
