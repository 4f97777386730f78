import fc from 'fast-check';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { PolicyRollout } from '../policy.js';
import type { ScoredGroup } from '../scorer.js';
import { Ahead, type DrawnStep } from './ahead.js';
import { scheduleProblem, type Schedule } from './schedule.js';

/** Two groups of two answers, of which only the step can be told. */
const answersOf = (step: number): PolicyRollout[][] =>
  [0, 1].map((p) => [0, 1].map((i) => ({ tokens: [step, p, i] }) as unknown as PolicyRollout));
const asScored = (rollouts_P_G: PolicyRollout[][]): ScoredGroup[] =>
  rollouts_P_G.map((rollouts_G) => ({ rollouts_G, rewards_G: [], scores_G: [0, 1] }));

/** Settings that can be had. */
const schedules: fc.Arbitrary<Schedule> = fc
  .tuple(fc.nat(5), fc.nat(5))
  .map(([tolerance, refit]) => ({ tolerance, refit: Math.min(refit, tolerance) + 1 }));

/** What was drawn and learned from, while the judge takes these milliseconds for the steps in turn. */
async function trained(
  schedule: Schedule,
  steps: number,
  judgeMs: readonly number[],
  from: { learned: number; drawn: readonly DrawnStep[] } = { learned: 0, drawn: [] },
) {
  const drawn: number[] = [];
  const learned: { step: number; age: number; waiting: number; groups: ScoredGroup[] }[] = [];
  const states: DrawnStep[][] = [];
  const ahead = new Ahead(
    schedule,
    steps,
    {
      draw: (step) => (drawn.push(step), Promise.resolve(answersOf(step))),
      score: (rollouts, step) => wait(judgeMs[step % judgeMs.length]!, asScored(rollouts)),
    },
    from.drawn,
  );
  for (let step = from.learned + 1; step <= steps; step++) {
    await ahead.draw(step - 1);
    const waiting = ahead.drawn().length;
    const { version, groups } = await ahead.next();
    learned.push({ step, age: step - 1 - version, waiting, groups });
    states.push(ahead.drawn());
  }
  await ahead.close();
  return { drawn, learned, states };
}

describe('Ahead', () => {
  const judge = fc.array(fc.nat(3), { minLength: 1, maxLength: 4 });

  it('learns from every step once, whole and in order, from none that is too old, and holds no more than it may', () =>
    fc.assert(
      fc.asyncProperty(
        schedules,
        fc.integer({ min: 1, max: 12 }),
        judge,
        async (schedule, steps, judgeMs) => {
          const { drawn, learned } = await trained(schedule, steps, judgeMs);
          const all = Array.from({ length: steps }, (_, i) => i + 1);
          expect(drawn).toEqual(all);
          expect(learned.map(({ step }) => step)).toEqual(all);
          for (const { step, age, waiting, groups } of learned) {
            expect(groups.map(({ rollouts_G }) => rollouts_G)).toEqual(answersOf(step));
            expect(age).toBeGreaterThanOrEqual(0);
            expect(age).toBeLessThanOrEqual(schedule.tolerance);
            expect(waiting).toBeLessThanOrEqual(schedule.tolerance + 1);
          }
        },
      ),
      { numRuns: 30 },
    ));

  it('draws by the same weights whatever the judge takes, and after an interruption', () =>
    fc.assert(
      fc.asyncProperty(schedules, fc.integer({ min: 2, max: 8 }), judge, async (schedule, steps, judgeMs) => {
        const ages = ({ learned }: Awaited<ReturnType<typeof trained>>) => learned.map(({ age }) => age);
        const whole = await trained(schedule, steps, [0]);
        expect(ages(await trained(schedule, steps, judgeMs))).toEqual(ages(whole));
        for (const [i, drawn] of whole.states.entries()) {
          const rest = await trained(schedule, steps, [0], { learned: i + 1, drawn });
          expect(ages(rest)).toEqual(ages(whole).slice(i + 1));
          expect(rest.learned.map(({ step }) => step)).toEqual(
            whole.learned.map(({ step }) => step).slice(i + 1),
          );
        }
      }),
      { numRuns: 10 },
    ));

  it('tells what went wrong with a step when its turn comes, and ends what is being judged when it is closed', async () => {
    let ended = 0;
    const ahead = new Ahead({ tolerance: 2, refit: 1 }, 9, {
      draw: (step) => Promise.resolve(answersOf(step)),
      score: async (rollouts, step, signal) => {
        if (step === 2) throw new Error('no verdicts');
        if (step === 1) return asScored(rollouts);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        ended = step;
        return [];
      },
    });
    await ahead.draw(0);
    expect((await ahead.next()).groups).toHaveLength(2);
    await expect(ahead.next()).rejects.toThrow('no verdicts');
    await ahead.close();
    expect(ended).toBe(3);
  });
});

it('a schedule under which answers would be too old before anything is learned from them is refused', () => {
  const problem = (age_tolerance: number, refit_freq: number): string | null =>
    scheduleProblem({ type: 'off_policy_async', age_tolerance, refit_freq });
  expect(problem(3, 4)).toBeNull();
  // As in AWS's article, if its tolerance counts steps.
  expect(problem(2, 4)).toMatch(/refit_freq of at most 3, or age_tolerance of at least 3/);
});

it('lets every answer of a step wait for its end, without a warning', async () => {
  const warnings: Error[] = [];
  // Other files' tests in this process have warnings of their own.
  const keep = (warning: Error): void => {
    if (warning.name === 'MaxListenersExceededWarning') warnings.push(warning);
  };
  process.on('warning', keep);
  const ahead = new Ahead({ tolerance: 0, refit: 1 }, 1, {
    draw: () => Promise.resolve(answersOf(1)),
    score: (rollouts, _, signal) => {
      for (let i = 0; i < 20; i++) signal.addEventListener('abort', () => i);
      return Promise.resolve(asScored(rollouts));
    },
  });
  await ahead.draw(0);
  await ahead.next();
  // Node warns at its next turn.
  await wait(0);
  process.off('warning', keep);
  expect(warnings).toEqual([]);
});
