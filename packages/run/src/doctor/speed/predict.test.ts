import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { predict, type Costs, type Range, type Work } from './predict.js';
import { fitting, spreadOf } from './repeat.js';
import { policyCosts } from './run-speed.js';

const exactly = (seconds: number): Range => ({ low: seconds, high: 2 * seconds });
const costs: Costs = {
  decodePerAnswer: exactly(1),
  gradientPerAnswer: exactly(3),
  referencePerAnswer: exactly(5),
  update: exactly(7),
  gradientPerToken: exactly(1),
  judge: { perAnswer: exactly(11), perCall: exactly(13) },
  heldout: { perAnswer: exactly(17), perCall: exactly(19) },
};
const work: Work = {
  steps: 2,
  stepAnswers: 4,
  updatesPerStep: 3,
  evaluations: 3,
  evaluationAnswers: 10,
  examinationCalls: { judge: 100, heldout: 10 },
  supervised: { steps: 2, tokensPerStep: 5 },
};
const ends = (of: Work, end: 'low' | 'high') =>
  Object.fromEntries(predict(of, costs).parts.map(({ name, seconds }) => [name, seconds[end]]));

describe('predict', () => {
  it('adds up what a run does', () => {
    const learning = 8 * 5 + 3 * (8 * 3 + 2 * 7);
    expect(ends(work, 'low')).toEqual({
      'examining the judge': 1300 + 190,
      'reinforcement: answers': 8,
      'reinforcement: judging': 88,
      'reinforcement: learning': learning,
      'supervised fine-tuning': 2 * (5 + 7),
      'evaluating 3 models': 30 * (1 + 11 + 17),
    });
  });

  it('lets supervised fine-tuning take as long as reinforcement or its own steps, and leaves it out where there is none', () => {
    const longest = (supervised: Work['supervised']) =>
      ends({ ...work, supervised }, 'high')['supervised fine-tuning'];
    const {
      'reinforcement: answers': a,
      'reinforcement: judging': b,
      'reinforcement: learning': c,
    } = ends(work, 'high');
    expect(longest(work.supervised)).toBe(a! + b! + c!);
    expect(longest({ steps: 100, tokensPerStep: 50 })).toBe(2 * 100 * (50 + 7));
    expect(longest(null)).toBeUndefined();
  });

  it('is the sum of its parts, and never from more to less', () => {
    const count = fc.nat(1000);
    fc.assert(
      fc.property(count, count, fc.integer({ min: 1, max: 5 }), count, (steps, answers, updates, calls) => {
        const { parts, seconds } = predict(
          {
            ...work,
            steps,
            stepAnswers: answers,
            updatesPerStep: updates,
            examinationCalls: { judge: calls, heldout: 0 },
          },
          costs,
        );
        expect(parts.reduce((sum, part) => sum + part.seconds.low, 0)).toBe(seconds.low);
        expect(parts.reduce((sum, part) => sum + part.seconds.high, 0)).toBe(seconds.high);
        expect(seconds.high).toBeGreaterThanOrEqual(seconds.low);
      }),
    );
  });
});

describe('what answers cost', () => {
  const always = (value: number) => spreadOf([value]);
  it('goes from answers as they are to answers of max_tokens', () => {
    const { decodePerAnswer, gradientPerAnswer, gradientPerToken } = policyCosts(
      {
        prompts: 2,
        answers: 8,
        maxTokens: 16,
        tokensPerAnswer: always(10),
        longestAnswerTokens: 16,
        tokensPerSecond: always(8),
        secondsPerRound: always(20),
        promptSecondsPerRound: always(4),
      },
      {
        groups: 1,
        tokens: 50,
        mostTokens: 150,
        tokensPerSecond: always(5),
        secondsPerGradient: always(10),
        shareOfPeak: always(0.5),
        secondsPerUpdate: always(1),
        secondsForReference: always(0),
      },
      32,
      4,
    );
    // 16 tokens more, at a second each.
    expect(decodePerAnswer).toEqual({ low: 20 / 8, high: 36 / 8 });
    expect(gradientPerAnswer).toEqual({ low: 10 / 4, high: 30 / 4 });
    expect(gradientPerToken).toEqual({ low: 0.2, high: 0.2 });
  });
});

describe('fitting', () => {
  it.each([
    // All take as long as one; each takes long; each takes a third of a round; nothing to measure.
    [16, () => 0.1, 16],
    [16, () => 10, 1],
    [16, (units: number) => units, 3],
    [1, () => 0, 1],
  ])('of %d units', async (most, seconds, expected) => {
    expect(await fitting(most, (units) => Promise.resolve(seconds(units)))).toBe(expected);
  });
});
