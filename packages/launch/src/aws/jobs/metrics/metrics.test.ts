import { RunError } from '@touchstone/spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepsOfCsv } from './csv.js';
import { type JobStep, parseLogLine } from './log-line.js';
import { LogSteps } from './log-steps.js';

/** As verl's console logger prints one, and SageMaker's agent passes it on. */
const VERL =
  'step:295 - global_seqlen/mean:1804.5 - critic/rewards/mean:0.6125 - critic/rewards/max:np.float64(1.0) - actor/grad_norm:nan - actor/lr:1e-06 - response_length/clip_ratio:0.0 - training/global_step:295 - timing_s/step:93.25 - perf/throughput:812.5';
const HYPERPOD =
  '2026-11-27 10:00:00 INFO Training epoch 0, iteration 3/20 | lr: 7e-07 | global_batch_size: 256 | global_step: 3 | reduced_train_loss: -0.012 | adv: 0 | train_rm_score: 0.71 | kl: 0.0013 | train_step_timing in s: 41.5 | consumed_samples: 768';

/** The steps of a stream whose events are these. */
function read(events: readonly string[], completed = true): JobStep[] {
  const reader = new LogSteps();
  return [...events.flatMap((event) => reader.push(event)), ...reader.end(completed)];
}

describe('a line of a log', () => {
  it('of a training job', () => {
    expect(parseLogLine(`(TaskRunner pid=7) ${VERL}`)).toMatchObject({
      step: 295,
      seconds: 93.25,
      metrics: {
        'critic/rewards/mean': 0.6125,
        'critic/rewards/max': 1,
        'actor/grad_norm': null,
        'actor/lr': 1e-6,
        'perf/throughput': 812.5,
      },
    });
  });

  it('of HyperPod', () => {
    const step = parseLogLine(HYPERPOD);
    expect(step).toMatchObject({ step: 3, seconds: 41.5, tail: 'consumed_samples' });
    expect(step).toMatchObject({
      metrics: { reduced_train_loss: -0.012, train_rm_score: 0.71, adv: 0, lr: 7e-7 },
    });
  });

  it.each([
    ['another line', 'Loading step: 5 of 7', null],
    ['a validation before training', 'step:0 - val-score/rewards/mean@1:0.5', null],
    ['two steps', 'step:5 - training/global_step:6 - a:1', 'damaged'],
    ['a step that cannot be', 'step:99999999999999999999 - a:1', 'damaged'],
    ['half a number', 'step:5 - a:1 - b:2.', 'damaged'],
    ['half an exponent', 'step:5 - a:1 - b:2e', 'damaged'],
    ['half a key', 'step:5 - a:1 - b', 'damaged'],
    ['nothing after the separator', 'step:5 - a:1 - ', 'damaged'],
    ['two lines glued together', 'step:5 - a:1 - a:2 - b:3', 'damaged'],
    ['a number that looks like one', 'step:5 - a:1 - b:0x10', 'damaged'],
    ['a long line', `step:5 - a:1 - ${'b'.repeat(70_000)}:1`, 'damaged'],
  ])('with %s is none', (_, line, expected) => {
    expect(parseLogLine(line)).toBe(expected);
  });

  it('keeps what it does not know, under its own name', () => {
    expect(
      parseLogLine('step:5 - mode:train - val/a:b/score:0.5 - __proto__:7 - huge:1e999 - z:1'),
    ).toMatchObject({
      metrics: { 'val/a:b/score': 0.5, huge: null, z: 1 },
      count: 4,
    });
  });
});

describe('a stream of a log', () => {
  const line = (step: number, value = 0.5): string => `step:${step} - a:${value} - b:${value * 2} - c:1.25`;
  const steps = (found: JobStep[]): number[] => found.map(({ step }) => step);

  it('gives steps again that were made again, in their order', () => {
    expect(steps(read([line(1), 'saved', line(2), 'Traceback', line(1, 0.25), line(2), 'done']))).toEqual([
      1, 2, 1, 2,
    ]);
  });

  it('waits for what follows, unless a line break says that this was all', () => {
    const reader = new LogSteps();
    expect(steps(reader.push(line(1)))).toEqual([]);
    expect(steps(reader.push(line(2)))).toEqual([1]);
    expect(steps(reader.push(`${line(3)}\n`))).toEqual([2, 3]);
  });

  it('ignores a line that came in two events', () => {
    expect(steps(read([line(1), line(2).slice(0, -2), line(2).slice(-2), line(3), 'done']))).toEqual([1, 3]);
  });

  it('ignores a line whose end has been lost', () => {
    expect(steps(read([line(1), 'step:2 - a:0.5 - b:1', 'INFO: saving', line(3), 'done']))).toEqual([1, 3]);
    expect(steps(read([line(1), 'step:2 - a:0.5 - b:1'], false))).toEqual([1]);
    expect(steps(read([line(1), line(2)], false))).toEqual([1]);
  });

  it('takes the last line of all without what may be half a number', () => {
    expect(read([line(1), line(2)]).at(-1)).toEqual({ step: 2, metrics: { a: 0.5, b: 1 }, seconds: null });
  });

  const number = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.integer().map(String),
    fc.constantFrom('nan', 'inf', '-inf', '1e-05', '0.0', 'np.float64(0.25)'),
  );
  const key = fc.stringMatching(/^[a-z_][a-z_@/.0-9]{0,20}$/).filter((text) => !text.endsWith('global_step'));
  const figures = fc.uniqueArray(fc.tuple(key, number), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 8,
  });
  const texts = {
    verl: (step: number, list: [string, string][]) =>
      [`step:${step}`, ...list.map(([name, value]) => `${name}:${value}`)].join(' - '),
    hyperpod: (step: number, list: [string, string][]) =>
      [
        `Training epoch 0, iteration ${step}/9`,
        `global_step: ${step}`,
        ...list.map(([name, value]) => `${name}: ${value}`),
      ].join(' | '),
  };

  it.each(Object.entries(texts))('of %s never makes up a number, wherever a line is cut', (_, textOf) => {
    fc.assert(
      fc.property(
        fc.array(figures, { minLength: 1, maxLength: 5 }),
        fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 4 }),
        fc.boolean(),
        (all, cuts, completed) => {
          const truth = all.map((list, i) => ({ list, text: textOf(i + 1, list) }));
          const events = truth.map(({ text }) => [text]);
          for (const [which, where] of cuts) {
            const pieces = events[which % events.length]!;
            const whole = pieces.pop()!;
            const at = where % (whole.length + 1);
            pieces.push(whole.slice(0, at), whole.slice(at));
          }
          // A killed container: the log stops in the middle of the last piece.
          const flat = events.flat();
          if (!completed) flat.push(flat.pop()!.slice(0, -1));
          for (const { step, metrics } of read(flat, completed)) {
            const known = parseLogLine(truth[step - 1]!.text);
            for (const [name, value] of Object.entries(metrics))
              expect([name, value]).toEqual([name, (known as JobStep).metrics[name]]);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('gives every step of whole lines, and takes any text', () => {
    fc.assert(
      fc.property(fc.array(figures, { minLength: 2, maxLength: 2 }), fc.string(), ([list], noise) => {
        const text = texts.verl(7, list!);
        const found = read([text, `INFO ${noise.replaceAll(/step|epoch/g, '')}`]);
        expect(steps(found)).toEqual([7]);
        expect(() => read([noise, text.slice(3), noise])).not.toThrow();
      }),
      { numRuns: 1000 },
    );
  });
});

describe("Bedrock's table of steps", () => {
  const HEAD = 'step_number,epoch_number,train_reward_mean,policy_entropy';
  it('is read', () => {
    expect(stepsOfCsv(`${HEAD}\r\n1,0,0.25,1.5\r\n2,0,NaN,\r\n`, 's3://a')).toEqual([
      { step: 1, metrics: { epoch_number: 0, train_reward_mean: 0.25, policy_entropy: 1.5 }, seconds: null },
      { step: 2, metrics: { epoch_number: 0, train_reward_mean: null }, seconds: null },
    ]);
    expect(stepsOfCsv(HEAD, 's3://a')).toEqual([]);
  });
  it.each([
    ['no step column', 'a,b\n1,2'],
    ['two columns of a name', 'step_number,a,a\n1,2,3'],
    ['a row with other cells', `${HEAD}\n1,0,0.5`],
    ['a step that is none', `${HEAD}\n-1,0,0.5,1`],
    ['a word for a number', `${HEAD}\n1,0,high,1`],
    ['nothing', ''],
    ['a step in two passes', `${HEAD}\n1,0,0.5,1\n1,1,0.6,1`],
  ])('is refused with %s', (_, text) => {
    expect(() => stepsOfCsv(text, 's3://bucket/a.csv')).toThrow(RunError);
    expect(() => stepsOfCsv(text, 's3://bucket/a.csv')).toThrow('s3://bucket/a.csv');
  });
});
