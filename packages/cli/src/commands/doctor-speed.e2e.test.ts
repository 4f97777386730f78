import { describe, expect, it } from 'vitest';
import type { Speed } from '@touchstone/run';
import { change, running, smallQuickstart, smallRun, TIMEOUT_MS } from './small-run.testing.js';

const NOWHERE = 'http://127.0.0.1:9/v1';

async function speedOf(...args: string[]): Promise<Speed> {
  const { code, out, err } = await running('doctor', '--speed', '--json', ...args).ended;
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return (JSON.parse(out) as { speed: Speed }).speed;
}

/** Every number in it, with its place. */
function numbersIn(value: unknown, place = ''): [place: string, number: number][] {
  if (typeof value === 'number') return [[place, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersIn(inner, `${place}/${key}`));
}

function expectSane(speed: Speed): void {
  const numbers = numbersIn(speed);
  expect(numbers.length).toBeGreaterThan(0);
  // JSON has null for what is no finite number.
  expect(JSON.stringify(speed)).not.toMatch(/"(median|min|max|low|high)":null/);
  const notPositive = numbers.filter(([, value]) => !(value > 0)).map(([place]) => place);
  expect(notPositive.filter((place) => !place.includes('secondsForReference'))).toEqual([]);
}

describe('touchstone doctor --speed', { timeout: TIMEOUT_MS }, () => {
  it('measures policy and judges of this machine, and says what the run adds up to', async () => {
    const speed = await speedOf(await smallQuickstart());
    expectSane(speed);
    const { decoding, training, judges, prediction } = speed.run!;
    expect(decoding.prompts).toBeLessThanOrEqual(2);
    expect(decoding.tokensPerSecond.n).toBe(3);
    expect(training.mostTokens).toBeGreaterThanOrEqual(training.tokens);
    expect(judges.map(({ role, measured }) => [role, measured !== null])).toEqual([
      ['judge', true],
      ['heldout_judge', true],
    ]);
    expect(prediction.parts.map(({ name }) => name)).toEqual([
      'examining the judge',
      'reinforcement: answers',
      'reinforcement: judging',
      'reinforcement: learning',
      'supervised fine-tuning',
      'evaluating 3 models',
    ]);
    for (const end of ['low', 'high'] as const) {
      const sum = prediction.parts.reduce((total, { seconds }) => total + seconds[end], 0);
      expect(sum).toBeCloseTo(prediction.seconds[end], 6);
    }
  });

  it('asks no judge of another machine, and says how often the run will', async () => {
    const { run } = await speedOf(await smallRun(NOWHERE));
    expect(run!.judges.map(({ measured }) => measured)).toEqual([null, null]);
    // 3 steps of 4 answers, and 3 models that answer 3 tasks twice.
    expect(run!.notes.join('\n')).toMatch(
      /about 30 calls of judge to openai-compatible:simulator \(at most 1 at once\)/,
    );
    expect(run!.prediction.parts.map(({ name }) => name)).not.toContain('reinforcement: judging');
  });

  it('measures the machine without a configuration, and refuses a wrong one', async () => {
    const alone = await running('doctor', '--speed').ended;
    expect(alone).toMatchObject({ code: 0, out: expect.stringMatching(/GFLOP\/s at best/) });
    expect(alone.err).toMatch(/Measure products of matrices: done/);
    const folder = await smallQuickstart();
    change(folder, (config) => (config['training']!['steps'] = 0));
    const { code, out, err } = await running('doctor', '--speed', folder).ended;
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringMatching(/training\.steps/) });
    expect(out).not.toMatch(/GFLOP/);
  });
});
