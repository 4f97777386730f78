import { GateError, InputError } from '@touchstone/spec';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeFailure } from './errors.js';
import { createProgress, showEvents } from './progress.js';
import type { ProgressStream } from './progress.js';
import { renderTable } from './table.js';
import { difference, duration, oneLine } from './text.js';
import { TimeLeft } from './time-left.js';

class Screen implements ProgressStream {
  written = '';
  constructor(
    readonly isTTY: boolean,
    readonly columns = 120,
  ) {}
  write(text: string): void {
    this.written += text;
  }
  /** What a terminal would show: every line after its last wipe. */
  get lines(): string[] {
    return this.written
      .split('\n')
      .map((line) => line.slice(line.lastIndexOf('\r\x1b[2K') + 1).replace('\x1b[2K', ''));
  }
}

describe('progress', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 0 }));
  afterEach(() => void vi.useRealTimers());
  const at = (): number => Date.now();

  it('redraws one line on a terminal and leaves one line a stage', () => {
    const screen = new Screen(true);
    const progress = createProgress(screen, at);
    progress.start('Training', 60);
    for (let step = 1; step <= 12; step++) {
      vi.advanceTimersByTime(5000);
      progress.update(step, `reward 0.${step}`);
    }
    vi.advanceTimersByTime(1000);
    expect(screen.lines).toEqual([
      'Training: ████░░░░░░░░░░░░░░░░░░░░ 20 %, 12 of 60, 1 min 01 s, about 3 min 59 s left | reward 0.12',
    ]);
    vi.advanceTimersByTime(1000);
    expect(screen.lines.at(-1)).toContain('1 min 02 s, about 3 min 58 s left');
    progress.note('a warning');
    progress.end();
    expect(screen.lines).toEqual(['a warning', 'Training: done in 1 min 02 s, 12 of 60, reward 0.12', '']);
  });

  it('shows the events of a run: a stage from its first progress, as far as an earlier process had come', () => {
    const screen = new Screen(true);
    const show = showEvents(createProgress(screen, at));
    show({ type: 'stage-skipped', stage: 'evaluate base', seconds: 5 });
    show({ type: 'stage-started', stage: 'judge', title: 'Examine the judge' });
    show({ type: 'progress', stage: 'judge', done: 0, total: null, note: '' });
    vi.advanceTimersByTime(3100);
    show({ type: 'progress', stage: 'judge', done: 42, total: 100, note: 'judgements' });
    expect(screen.lines.at(-1)).toMatch(/ 42 %, 42 of about 100, 3 s, about 4 s left \| judgements$/);
    vi.advanceTimersByTime(100);
    show({ type: 'progress', stage: 'judge', done: 42, total: 84, note: 'judgements' });
    expect(screen.lines.at(-1)).toContain(' 50 %, 42 of about 84,');
    show({ type: 'stage-finished', stage: 'judge', seconds: 3, note: 'gate failed' });
    show({ type: 'alarm', stage: 'judge', text: 'The gate said no' });
    show({ type: 'stage-started', stage: 'train rft', title: 'Reinforcement fine-tuning' });
    show({ type: 'progress', stage: 'train rft', done: 50, total: 60, note: '' });
    vi.advanceTimersByTime(4500);
    show({ type: 'progress', stage: 'train rft', done: 55, total: 60, note: 'reward 0.812' });
    expect(screen.lines.at(-1)).toMatch(/ 91 %, 55 of 60, 5 s, about 5 s left \| reward 0\.812$/);
    show({ type: 'stage-finished', stage: 'train rft', seconds: 5, note: '' });
    expect(screen.lines).toEqual([
      'Examine the judge: done in 3 s, 42, gate failed',
      'The gate said no',
      'Reinforcement fine-tuning: done in 5 s, 55 of 60, reward 0.812',
      '',
    ]);
  });

  it('says of several trainings how long all will take, by those that have finished', () => {
    const screen = new Screen(true, 200);
    const show = showEvents(createProgress(screen, at), at);
    const started = (place: number): void =>
      show({ type: 'training-started', stage: `seed ${place}`, seed: place, place, of: 3 });
    const progress = (done: number): void =>
      show({ type: 'progress', stage: 'train rft', done, total: 10, note: 'reward 0.5' });
    started(1);
    show({ type: 'stage-skipped', stage: 'train rft', seconds: 90 });
    show({ type: 'stage-finished', stage: 'evaluate rft', seconds: 10, note: '' });
    show({ type: 'training-ended', stage: 'seed 1', seed: 1, problem: null });
    started(2);
    show({ type: 'stage-started', stage: 'train rft', title: '7 of 14, seed 2, Training' });
    progress(0);
    vi.advanceTimersByTime(39_400);
    progress(4);
    expect(screen.lines.at(-1)).toMatch(/ 4 of 10, .* \| reward 0\.5, about 2 min 41 s left in all$/);
    show({ type: 'stage-finished', stage: 'train rft', seconds: 40, note: '' });
    show({ type: 'training-ended', stage: 'seed 2', seed: 2, problem: 'the disk is full' });
    expect(screen.lines.slice(-4)).toEqual([
      'seed 1: finished',
      '7 of 14, seed 2, Training: done in 39 s, 4 of 10, reward 0.5',
      'seed 2: could not go on: the disk is full',
      '',
    ]);
  });

  it('never wraps, and stops with the last state standing before an error', () => {
    const screen = new Screen(true, 40);
    const progress = createProgress(screen, at);
    progress.start('Judging', 10);
    vi.advanceTimersByTime(3000);
    progress.update(5, 'x'.repeat(200));
    progress.stop();
    screen.write('error: it broke\n');
    expect(screen.lines[0]).toHaveLength(39);
    expect(screen.lines.slice(1)).toEqual(['error: it broke', '']);
    const unknown = new Screen(true, 0);
    createProgress(unknown, at).start('Examine the judge, with a long name', 10);
    expect(unknown.lines[0]).toContain('0 of 10, 0 s');
    const before = screen.written;
    vi.advanceTimersByTime(10_000);
    expect(screen.written).toBe(before);
  });

  it('writes a plain line every five seconds elsewhere, without control characters', () => {
    const screen = new Screen(false);
    const progress = createProgress(screen, at);
    progress.start('Judging\x1b[31m', 100, 50);
    for (let done = 51; done <= 61; done++) {
      vi.advanceTimersByTime(1000);
      progress.update(done);
    }
    vi.advanceTimersByTime(5000);
    progress.end();
    expect(screen.lines).toEqual([
      'Judging\u{FFFD}[31m: 54 %, 54 of 100, 5 s, about 45 s left',
      'Judging\u{FFFD}[31m: 59 %, 59 of 100, 10 s, about 40 s left',
      'Judging\u{FFFD}[31m: 61 %, 61 of 100, 15 s, about 35 s left',
      'Judging\u{FFFD}[31m: done in 16 s, 61 of 100',
      '',
    ]);
  });
});

describe('time left', () => {
  it('does not count what an earlier run did, follows a change of speed, and takes bursts calmly', () => {
    const left = new TimeLeft(0, 500);
    expect(left.remaining(0, 1000)).toBeUndefined();
    for (let i = 1; i <= 60; i++) left.update(i * 1000, 500 + i);
    expect(left.remaining(60_000, 1000)).toBeCloseTo(440_000, -1);
    for (let i = 1; i <= 60; i++) left.update(60_000 + i * 1000, 560 + i * 4);
    const faster = left.remaining(120_000, 1000)!;
    expect(faster).toBeGreaterThan(50_000);
    expect(faster).toBeLessThan(70_000);

    const burst = new TimeLeft(0, 0);
    for (let i = 1; i <= 20; i++) burst.update(i * 1000, i);
    for (let i = 1; i <= 10; i++) burst.update(20_000 + i, 20 + i);
    burst.update(21_000, 31);
    // Ten came at once: a little faster, not a thousand times.
    expect(burst.remaining(21_000, 131)!).toBeGreaterThan(50_000);
  });

  it('does not end before the work does: batches are followed by silence', () => {
    const left = new TimeLeft(0, 0);
    for (const batch of [1, 2]) {
      for (let i = 1; i <= 100; i++) left.update(batch * 45_000 + i * 10, (batch - 1) * 570 + i * 5.7);
      for (let silent = 1; silent < 44; silent++)
        expect(left.remaining(batch * 45_000 + 1000 + silent * 1000, 1536)).toBeGreaterThan(0);
    }
    // 396 units are left at 1140 in 135 seconds.
    expect(left.remaining(135_000, 1536)! / 1000).toBeCloseTo(46.9, 1);
    left.update(135_010, 1536);
    expect(left.remaining(136_000, 1536)).toBeUndefined();
  });

  it('counts all of a first batch that came in one instant', () => {
    const left = new TimeLeft(0, 0);
    for (let done = 1; done <= 90; done++) left.update(8000, done);
    // At 90 in eight seconds 1480 more take two minutes; the first one alone in eight seconds would have meant hours.
    expect(left.remaining(10_000, 1570)! / 60_000).toBeGreaterThan(1);
    expect(left.remaining(10_000, 1570)! / 60_000).toBeLessThan(5);
  });

  it('is finite and not negative whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(100_000), fc.nat(50))), fc.nat(1000), (steps, total) => {
        const left = new TimeLeft(0, 0);
        let [now, done] = [0, 0];
        for (const [wait, units] of steps) {
          left.update((now += wait), (done += units));
          const remaining = left.remaining(now, total);
          if (remaining !== undefined) {
            expect(Number.isFinite(remaining)).toBe(true);
            expect(remaining).toBeGreaterThanOrEqual(0);
          }
        }
      }),
    );
  });
});

it('aligns a table', () => {
  expect(
    renderTable(
      [{ title: 'model' }, { title: 'judge score', align: 'right' }],
      [['base', '0.41 [0.38, 0.44]'], ['naïve 👩‍⚖️', '0.8'], ['multi\nline']],
    ),
  ).toBe(
    [
      'model             judge score',
      '----------  -----------------',
      'base        0.41 [0.38, 0.44]',
      'naïve 👩‍⚖️                  0.8',
      'multi line',
      '',
    ].join('\n'),
  );
});

it('writes durations and single lines', () => {
  expect([0, 59_499, 65_000, 7_380_000].map(duration)).toEqual(['0 s', '59 s', '1 min 05 s', '2 h 03 min']);
  expect(oneLine('a\r\n b\u202E\x1b]0;x\x07')).toBe('a b\u{FFFD}\u{FFFD}]0;x\u{FFFD}');
});

describe('errors', () => {
  it('speak for themselves, without a stack', () => {
    const wrong = new InputError([
      { place: { file: 't.yaml', line: 3, column: 2 }, message: 'expected \x1b[2J a number' },
    ]);
    expect(describeFailure(wrong, false)).toEqual({
      text: 'error: t.yaml:3:2: expected \u{FFFD}[2J a number\n',
      json: {
        error: {
          kind: 'InputError',
          message: 't.yaml:3:2: expected \x1b[2J a number',
          exit_code: 2,
          problems: [{ file: 't.yaml', line: 3, column: 2, message: 'expected \x1b[2J a number' }],
        },
      },
      exitCode: 2,
    });
    expect(describeFailure(new GateError('no'), false).exitCode).toBe(3);
  });

  it('that are ours say so, and show the stack and the cause only when asked', () => {
    const fault = new TypeError('x is undefined', { cause: new Error('the disk') });
    expect(describeFailure(fault, false).text).toMatch(
      /^internal error: x is undefined\nThis is a fault in Touchstone[^\n]*TOUCHSTONE_DEBUG=1[^\n]*\n$/,
    );
    const shown = describeFailure(fault, true).text;
    expect(shown).toContain('terminal.test.ts');
    expect(shown).toContain('caused by: Error: the disk');
    expect(describeFailure('thrown text', false)).toMatchObject({ exitCode: 1 });
  });
});

it('a difference that is written as 0 has no sign', () => {
  expect(difference({ mean: -0.0002, low: -0.0412, high: 0.0408, n: 9 })).toBe('0.000 [-0.041, 0.041]');
});
