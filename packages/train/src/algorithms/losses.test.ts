import { describe, expect, it } from 'vitest';
import { trainingSchema } from '../schema.js';
import { overlongPenalty } from './dapo.js';
import { pairOf } from './dpo.js';
import { openAlgorithm } from './index.js';
import { evaluate, someAnswers, type TokensOf } from './parts/numbers.testing.js';
import { leaveOneOut } from './rloo.js';

const lossOf = (training: object) => openAlgorithm(trainingSchema.parse(training), { max_tokens: 8 }).loss;
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const clip = (ratio: number, low: number, high: number): number =>
  Math.min(1 + high, Math.max(1 - low, ratio));

/** The formula in plain numbers. @param base the answers that the gradient is taken at, for what none goes through */
type Formula = (answers: readonly TokensOf[], base: readonly TokensOf[]) => number;

const perToken = (
  answers: readonly TokensOf[],
  of: (token: { logprob: number; ratio: number; answer: TokensOf; i: number; t: number }) => number,
): number =>
  sum(
    answers.flatMap((answer, i) =>
      answer.logprobs.map(
        (logprob, t) =>
          answer.weight! * of({ logprob, ratio: Math.exp(logprob - answer.old![t]!), answer, i, t }),
      ),
    ),
  );
const ratioOf = ({ logprobs, old }: TokensOf): number =>
  Math.exp(sum(logprobs.map((logprob, t) => logprob - old![t]!)));
const clipped = (ratio: number, advantage: number, low: number, high: number): number =>
  -Math.min(ratio * advantage, clip(ratio, low, high) * advantage);

const FORMULAS: Record<string, { training: object; formula: Formula }> = {
  grpo: {
    training: { algorithm: 'grpo' },
    formula: (answers) =>
      perToken(answers, ({ ratio, answer }) => clipped(ratio, answer.advantage!, 0.2, 0.28)),
  },
  'dr-grpo': {
    training: { algorithm: 'dr-grpo' },
    formula: (answers) =>
      perToken(answers, ({ ratio, answer }) => clipped(ratio, answer.advantage!, 0.2, 0.2)),
  },
  rloo: {
    training: { algorithm: 'rloo', clip_high: 3 },
    formula: (answers) =>
      perToken(answers, ({ answer }) => clipped(ratioOf(answer), answer.advantage!, 0.2, 3)),
  },
  gspo: {
    training: { algorithm: 'gspo', clip_low: 0.1, clip_high: 0.1 },
    formula: (answers) =>
      perToken(answers, ({ answer }) =>
        clipped(ratioOf(answer) ** (1 / answer.logprobs.length), answer.advantage!, 0.1, 0.1),
      ),
  },
  cispo: {
    training: { algorithm: 'cispo', ratio_cap: 1.1 },
    formula: (answers, base) =>
      perToken(answers, ({ logprob, answer, i, t }) => {
        const ratio = Math.exp(base[i]!.logprobs[t]! - answer.old![t]!);
        return -Math.min(ratio, 1.1) * answer.advantage! * logprob;
      }),
  },
  'best-of-n': {
    training: { algorithm: 'best-of-n' },
    formula: (answers) => perToken(answers, ({ logprob }) => -logprob),
  },
  ...Object.fromEntries(
    (['k1', 'k2', 'k3'] as const).map((kl_estimator) => [
      `grpo with ${kl_estimator}`,
      {
        training: { algorithm: 'grpo', kl_coefficient: 0.3, kl_estimator },
        formula: (answers: readonly TokensOf[]) =>
          perToken(answers, ({ logprob, ratio, answer, t }) => {
            const x = answer.reference![t]! - logprob;
            const kl = { k1: -x, k2: x ** 2 / 2, k3: Math.exp(x) - x - 1 }[kl_estimator];
            return clipped(ratio, answer.advantage!, 0.2, 0.28) + 0.3 * kl;
          }),
      },
    ]),
  ),
  'grpo with an entropy bonus': {
    training: { algorithm: 'grpo', entropy_coefficient: 0.5 },
    formula: (answers) =>
      perToken(
        answers,
        ({ ratio, answer, t }) => clipped(ratio, answer.advantage!, 0.2, 0.28) - 0.5 * answer.entropy![t]!,
      ),
  },
};

/** Central differences of a formula, by each log-probability. */
function slopes(formula: Formula, answers: readonly TokensOf[], h = 1e-6): number[] {
  return answers.flatMap(({ logprobs }, i) =>
    logprobs.map((_, t) => {
      const at = (by: number) =>
        formula(
          answers.map((answer, j) =>
            j === i ? { ...answer, logprobs: logprobs.map((one, u) => (u === t ? one + by : one)) } : answer,
          ),
          answers,
        );
      return (at(h) - at(-h)) / (2 * h);
    }),
  );
}

describe.each(Object.entries(FORMULAS))('the loss of %s', (_, { training, formula }) => {
  it('is its formula, and its gradient is that of the formula', async () => {
    const answers = someAnswers();
    const { loss, gradient } = await evaluate(lossOf(training), answers);
    expect(loss).toBeCloseTo(formula(answers, answers), 5);
    slopes(formula, answers).forEach((slope, i) => expect(gradient[i]).toBeCloseTo(slope, 4));
  });
});

describe('test vectors', () => {
  const token = (ratio: number, advantage: number): TokensOf => ({
    logprobs: [Math.log(ratio)],
    old: [0],
    advantage,
  });

  // [ratio, advantage, objective min(ρA, clip(ρ)A)], clip .2 / .28.
  it.each([
    [1.35, 1, 1.28],
    [1.35, -1, -1.35],
    [0.7, 1, 0.7],
    [0.7, -1, -0.8],
    [5, -1, -5],
    [1.25, 1, 1.25],
  ])('DAPO at ratio %d and advantage %d: the objective is %d', async (ratio, advantage, objective) => {
    const { loss } = await evaluate(lossOf({ algorithm: 'dapo' }), [token(ratio, advantage)]);
    expect(loss).toBeCloseTo(-objective, 5);
  });

  it('GRPO counts a token as clipped exactly where it loses its gradient', async () => {
    const tokens = [token(1.35, 1), token(1.35, -1), token(0.7, 1), token(0.7, -1), token(1, 1)];
    const { gradient, metrics } = await evaluate(lossOf({}), tokens);
    expect(metrics['clip_fraction']).toBe(2);
    [0, 1.35, -0.7, 0, -1].forEach((expected, i) => expect(gradient[i]).toBeCloseTo(expected, 5));
  });

  it('KL of log-probabilities −1 to −1.5 and to −.5', async () => {
    for (const [estimator, first, second] of [
      ['k1', 0.5, -0.5],
      ['k2', 0.125, 0.125],
      ['k3', 0.106531, 0.148721],
    ] as const) {
      const loss = lossOf({ kl_coefficient: 1, kl_estimator: estimator });
      const of = (reference: number) =>
        evaluate(loss, [{ logprobs: [-1], reference: [reference], advantage: 0 }]);
      expect((await of(-1.5)).metrics['kl']).toBeCloseTo(first, 5);
      expect((await of(-0.5)).metrics['kl']).toBeCloseTo(second, 5);
    }
  });

  it('GSPO: log-ratios .1, −.2, .3 make a ratio of 1.068939', async () => {
    const loss = lossOf({ algorithm: 'gspo', clip_high: 1 });
    const answer = { logprobs: [0.1, -0.2, 0.3], old: [0, 0, 0], advantage: 1, weight: 1 / 3 };
    expect((await evaluate(loss, [answer])).loss).toBeCloseTo(-1.068939, 5);
  });

  it('CISPO: ρ 7, A 2, log π −1, cap 5: 10, with the gradient −10', async () => {
    const answer = { logprobs: [-1], old: [-1 - Math.log(7)], advantage: 2 };
    const { loss, gradient, metrics } = await evaluate(lossOf({ algorithm: 'cispo' }), [answer]);
    expect(loss).toBeCloseTo(10, 4);
    expect(gradient[0]).toBeCloseTo(-10, 4);
    expect(metrics['clip_fraction']).toBe(1);
  });

  it('DPO: answers that are 1.5 and .5 likelier than the reference', async () => {
    const { loss, complete, tokenWeights } = openAlgorithm(trainingSchema.parse({ algorithm: 'dpo' }), {
      max_tokens: 8,
    });
    const logprobs = [
      [-1, -1],
      [-2, -2, -2],
    ];
    const references = [
      [-2, -1.5],
      [-2, -2.25, -2.25],
    ];
    const weights = tokenWeights([2, 3]);
    const [best, worst] = complete!(
      logprobs.map((old, i) => ({
        tokens: [7, ...old.map(() => 1)],
        start: 1,
        columns: { old, reference: references[i]! },
      })),
    );
    expect([best!.columns['rival'], worst!.columns['rival']]).toEqual([0.5, 1.5]);
    const pair = [best!, worst!].map(({ columns }, i) => ({
      logprobs: logprobs[i]!,
      reference: references[i]!,
      advantage: [1, -1][i]!,
      weight: weights[i]!,
      rival: columns['rival'] as number,
    }));
    const found = await evaluate(loss, pair);
    expect(found.loss).toBeCloseTo(0.644397, 5);
    const ofPair: Formula = ([one, other]) => {
      const gain = ({ logprobs, reference }: TokensOf): number =>
        sum(logprobs.map((logprob, t) => logprob - reference![t]!));
      return Math.log(1 + Math.exp(-0.1 * (gain(one!) - gain(other!))));
    };
    expect(found.gradient[0]).toBeCloseTo(-0.0475021, 5);
    slopes(ofPair, pair).forEach((slope, i) => expect(found.gradient[i]).toBeCloseTo(slope, 5));
  });

  it('DPO pairs the best with the worst where they are apart', () => {
    expect(pairOf([0.5, 0.9, null, 0.1, 0.9], 0.05)).toEqual([null, 1, null, -1, null]);
    expect(pairOf([0.5, 0.54], 0.05)).toEqual([null, null]);
    expect(() =>
      openAlgorithm(trainingSchema.parse({ algorithm: 'dpo', updates_per_step: 2 }), { max_tokens: 8 }),
    ).toThrow(/updates_per_step is 2: expected 1 with dpo/);
  });

  it('RLOO: a reward beside the mean of the others', () => {
    const found = leaveOneOut([1, 0, 0.5, 0.5, 0.25, 0.75, 1, 0]);
    [0.571429, -0.571429, 0, 0, -0.285714, 0.285714, 0.571429, -0.571429].forEach((value, i) =>
      expect(found[i]).toBeCloseTo(value, 5),
    );
    expect(leaveOneOut([0.4, null])).toEqual([0, null]);
  });

  it('best of n: 1 for the best, nothing for the rest', () => {
    const { advantages } = openAlgorithm(trainingSchema.parse({ algorithm: 'best-of-n' }), { max_tokens: 8 });
    const groups = [
      [0.2, 0.9, null, 0.9],
      [0.5, 0.5],
    ].map((scores_G) => ({ scores_G, lengths_G: [] }));
    expect(advantages(groups)).toEqual([
      [null, 1, null, null],
      [null, null],
    ]);
  });

  // Losses 1, 1 and 2, 2, 2, 2 of two answers, with at most 8 tokens.
  it.each([
    ['grpo', 10 / 6],
    ['gspo', 1.5],
    ['dr-grpo', 0.625],
  ])('%s adds tokens up to %d', (algorithm, expected) => {
    const { tokenWeights } = openAlgorithm(trainingSchema.parse({ algorithm }), { max_tokens: 8 });
    const [short, long] = tokenWeights([2, 4]);
    expect(2 * short! + 8 * long!).toBeCloseTo(expected, 12);
  });

  it.each([
    [16_384, 0],
    [17_408, -0.25],
    [20_480, -1],
    [30_000, -1],
    [10, 0],
  ])('DAPO: of %d tokens, %d', (length, expected) => {
    expect(overlongPenalty(length, 20_480, 4096)).toBeCloseTo(expected, 12);
    expect(overlongPenalty(length, 20_480, 0)).toBe(0);
  });

  it('a setting of judge is what its examination found, and refused where it found nothing', () => {
    const scaled = trainingSchema.parse({ deviation: 'group', deviation_floor: 'judge' });
    const noisy = openAlgorithm(scaled, { max_tokens: 8 }, { error: 0.1, smallestChange: 0.3 });
    const groups = [{ scores_G: [0.7, 0.7, 0.7, 0.72], lengths_G: [] }];
    expect(noisy.advantages(groups)[0]![3]).toBeCloseTo(0.14985, 5);
    expect(() => openAlgorithm(scaled, { max_tokens: 8 })).toThrow(/training\.deviation_floor is judge/);
    const pairs = trainingSchema.parse({ algorithm: 'dpo', margin: 'judge' });
    const opened = openAlgorithm(pairs, { max_tokens: 8 }, { error: 0.1, smallestChange: 0.3 });
    expect(opened.advantages([{ scores_G: [0.2, 0.45], lengths_G: [] }])).toEqual([[null, null]]);
  });
});
