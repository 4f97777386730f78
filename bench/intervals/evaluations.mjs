/**
 * Evaluations for `bench:coverage`: a unit is a document with 1 to 5 tasks, to which two or more models answer; n is the number of documents. Scores are
 * skewed (most near 1) and tasks of one document go together, in their level and in what they gain. Each setting goes through `summariseEvaluation`.
 */
import { summariseEvaluation } from '@touchstone/lab';
import { random } from '@touchstone/spec';

const list = (length, make) => Array.from({ length }, make);
const squash = (x) => 1 / (1 + Math.exp(-1.7 * x));
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/** How an answer's quality is scored. */
const READ = {
  near_1: (x) => squash(x + 1.6),
  graded: (x) => Math.round(4 * squash(x + 1)) / 4,
  boolean: (x) => Number(x > -1.1),
};

/**
 * A document: tasks × models × answers.
 *
 * @param gains of each model.
 * @param rare the share of documents that gain at all, each so much the more.
 */
const documentOf =
  (gains, { read, answers, rare = 1 }) =>
  (draw) => {
    const level = draw.normal();
    const effects = gains.map((gain) => (draw.next() < rare ? gain / rare : 0) + 0.25 * draw.normal());
    return list(1 + draw.integer(5), () => {
      const task = 0.7 * draw.normal();
      return effects.map((effect) =>
        list(answers, () => {
          const longer = draw.normal();
          // Longer answers score more.
          return { score: READ[read](level + task + effect + 0.8 * draw.normal() + 0.2 * longer), longer };
        }),
      );
    });
  };

const evaluationOf = (documents, models, lengths) =>
  summariseEvaluation({
    name: '',
    models: list(models, (_, model) => ({
      name: `m${model}`,
      trainings: [
        documents.flatMap((tasks, document) =>
          tasks.flatMap((own, task) =>
            own[model].map(({ score, longer }, sample) => ({
              taskId: `${document}-${task}`,
              sample,
              judge: score,
              heldout: null,
              valid: null,
              truth: null,
              tokens: null,
              components: {},
              ...(lengths ? { length: Math.exp(logLength(longer, model)) } : {}),
              cluster: String(document),
            })),
          ),
        ),
      ],
    })),
    bestOf: 1,
    seed: 1,
    created: '',
    versions: {},
  });

const tasksMean = (documents, model) =>
  mean(documents.flatMap((tasks) => tasks.map((own) => mean(own[model].map(({ score }) => score)))));

/** The difference of two models, and it at equal length. */
const pair = (gain, options) => ({
  task: documentOf([0, gain], options),
  measure: (documents) => {
    const found = evaluationOf(documents, 2, options.lengths).pairs[0];
    return options.lengths ? found.length_controlled : found.difference;
  },
  truth: (documents) => ({
    mean: options.lengths ? atEqualLength(documents) : tasksMean(documents, 1) - tasksMean(documents, 0),
  }),
  many: 100_000,
});

/** By least squares over all tasks. */
function atEqualLength(documents) {
  const points = documents.flatMap((tasks) =>
    tasks.map((own) => {
      const [a, b] = own.map((answers, model) => ({
        score: mean(answers.map(({ score }) => score)),
        length: mean(answers.map(({ longer }) => logLength(longer, model))),
      }));
      return [b.length - a.length, b.score - a.score];
    }),
  );
  const [x, y] = [0, 1].map((side) => mean(points.map((point) => point[side])));
  const slope =
    mean(points.map(([px, py]) => (px - x) * (py - y))) / mean(points.map(([px]) => (px - x) ** 2));
  return y - slope * x;
}

/** The one model writes a little more. */
const logLength = (longer, model) => 5 + 0.3 * longer + 0.1 * model;

/** All pairs of several models at once: the interval holds 0 where every pair's corrected one holds the pair's own truth. */
function family(gains, options) {
  const task = documentOf(gains, options);
  let truths;
  const truthsOf = () => {
    truths ??= ((draw) => {
      const documents = list(100_000, () => task(draw));
      return gains.map((_, model) => tasksMean(documents, model));
    })(random(1, 'family'));
    return truths;
  };
  return {
    task,
    value: 0,
    measure: (documents) => {
      const levels = truthsOf();
      const held = evaluationOf(documents, gains.length).pairs.map(({ model, baseline, corrected }) => {
        const truth = levels[Number(model.slice(1))] - levels[Number(baseline.slice(1))];
        return { low: corrected.low - truth, high: corrected.high - truth };
      });
      return {
        mean: 0,
        low: Math.max(...held.map(({ low }) => low)),
        high: Math.min(...held.map(({ high }) => high)),
        n: 1,
      };
    },
    runs: 0.5,
  };
}

export const EVALUATIONS = {
  evaluated_pair_near_1: pair(0.4, { read: 'near_1', answers: 4 }),
  evaluated_pair_near_1_single: pair(0.4, { read: 'near_1', answers: 1 }),
  evaluated_pair_graded: pair(0.4, { read: 'graded', answers: 1 }),
  evaluated_pair_boolean: pair(0.4, { read: 'boolean', answers: 4 }),
  evaluated_pair_boolean_single: pair(0.4, { read: 'boolean', answers: 1 }),
  evaluated_pair_rare: pair(0.25, { read: 'near_1', answers: 4, rare: 0.25 }),
  evaluated_pair_none: pair(0, { read: 'near_1', answers: 2 }),
  evaluated_equal_length: pair(0.4, { read: 'near_1', answers: 2, lengths: true }),
  evaluated_family_3: family([0, 0.2, 0.4], { read: 'near_1', answers: 2 }),
  evaluated_family_3_boolean: family([0, 0.2, 0.4], { read: 'boolean', answers: 2 }),
  evaluated_family_7: family([0, 0.1, 0.2, 0.1, 0.3, 0.3, 0.3], { read: 'near_1', answers: 1 }),
};
