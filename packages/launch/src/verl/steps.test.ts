import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DrawnStep } from '@touchstone/run';
import { beforeEach, describe, expect, it } from 'vitest';
import { GivenAnswers } from './answers.js';
import { endedSteps, stepToResume, writeAttempt, type Attempt } from './attempts.js';
import { configOf, jobOf } from './job.testing.js';
import { checkOf, findingsOf } from './preflight.js';
import { dumpOf, MetricsReader } from './steps.js';

/** Written by verl 0.9.1 (its logger, its dump out of TransferQueue) and by the reward server, in a run of the test on CPU. */
const FIXTURE = fileURLToPath(new URL('fixtures/attempt', import.meta.url));
const TASKS =
  readFileSync(join(FIXTURE, 'rollouts/1.jsonl'), 'utf8') +
  readFileSync(join(FIXTURE, 'rollouts/2.jsonl'), 'utf8');
const tasks = [
  ...new Set(
    TASKS.trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { gts: string }).gts),
  ),
]
  .sort()
  .map((gts) => gts.split(' ')[1]!);

describe('what verl has written', () => {
  const job = jobOf(configOf(), tasks);
  let folder: string;
  let attempt: Attempt;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'touchstone-verl-'));
    attempt = { version: 1, run: 'r1', from: 0, versions: {}, number: 1, folder: join(folder, 'attempt-1') };
    cpSync(FIXTURE, attempt.folder, { recursive: true });
    await writeAttempt(attempt);
  });
  const read = async (attempts = [attempt]): Promise<DrawnStep[]> => {
    const steps: DrawnStep[] = [];
    for await (const step of endedSteps({ ...job, folder }, attempts)) steps.push(step);
    return steps;
  };
  const change = (file: string, edit: (text: string) => string): void => {
    const path = join(attempt.folder, file);
    writeFileSync(path, edit(readFileSync(path, 'utf8')));
  };

  it('is read as steps: tasks and answers in the order of the run, with what verl does not say', async () => {
    const steps = await read();
    expect(steps.map(({ step }) => step)).toEqual([1, 2]);
    const [first] = steps;
    expect(first!.groups_P.map(({ task, answers_G }) => [task, answers_G.length])).toEqual([
      [tasks[0], 2],
      [tasks[1], 2],
    ]);
    for (const { score, tokens, reason } of first!.groups_P.flatMap(({ answers_G }) => answers_G)) {
      expect([score! >= 0 && score! <= 1, tokens > 0 && tokens <= 8, reason]).toEqual([true, true, '']);
    }
    expect(Object.keys(first!.learned)).toEqual(
      expect.arrayContaining(['loss', 'grad_norm', 'entropy', 'clip_fraction', 'verl/actor/ppo_kl']),
    );
    expect(Object.keys(first!.learned).filter((name) => /timing|perf|length|critic/.test(name))).toEqual([]);
    expect(first!.seconds).toBeGreaterThan(0);
    expect(first!.loggedReward).toBeCloseTo(
      first!.groups_P.flatMap(({ answers_G }) => answers_G).reduce((sum, { score }) => sum + score!, 0) / 4,
      5,
    );
  });

  it('is waited for: half a line of the logger, and half a dump', async () => {
    const lines = readFileSync(join(FIXTURE, 'metrics.jsonl'), 'utf8');
    change('metrics.jsonl', () => lines.slice(0, 200));
    const reader = new MetricsReader(attempt.folder);
    const logged = async () => {
      const found: number[] = [];
      for await (const { step } of reader.read()) found.push(step);
      return found;
    };
    expect(await logged()).toEqual([]);
    appendFileSync(join(attempt.folder, 'metrics.jsonl'), lines.slice(200));
    expect(await logged()).toEqual([1, 2]);
    change('rollouts/1.jsonl', (text) => text.slice(0, -3));
    expect(await dumpOf(attempt.folder, 1, 4)).toBeNull();
    expect(await dumpOf(attempt.folder, 3, 4)).toBeNull();
  });

  it.each([
    [
      'another text',
      'rollouts/1.jsonl',
      (text: string) => text.replace('"output": "', '"output": "x'),
      /answer that no reward was asked for, in the place of another/,
    ],
    [
      'another score',
      'rollouts/1.jsonl',
      (text: string) => text.replace(/"score": [\d.]+/, '"score": 0.123'),
      /trained on the reward 0\.123; it was given/,
    ],
    [
      'a row of another step',
      'rollouts/1.jsonl',
      (text: string) => text.replace(/"gts": "0 /, '"gts": "2 '),
      /an answer to row 2 .*, which is of another step or run/,
    ],
    [
      'one answer twice',
      'rollouts/1.jsonl',
      (text: string) => [text.split('\n')[0], text.split('\n')[0], ...text.split('\n').slice(2)].join('\n'),
      /has dumped it twice/,
    ],
    [
      'one answer more',
      'rollouts/1.jsonl',
      (text: string) => `${text}${text.split('\n')[0]}\n`,
      /5 answers; expected 4/,
    ],
    [
      'another step in its file',
      'rollouts/1.jsonl',
      (text: string) => text.replace('"step": 1', '"step": 2'),
      /line 1 is of step 2, not 1/,
    ],
    [
      'several outputs',
      'rollouts/1.jsonl',
      (text: string) => text.replace('_0"}', '_1"}'),
      /with one output each/,
    ],
    [
      'a group of its own for one answer',
      'rollouts/1.jsonl',
      (text: string) => text.replace(/"uid": "/, '"uid": "x'),
      /compared answers to different tasks, or not all to one/,
    ],
    [
      'one group for two tasks',
      'rollouts/1.jsonl',
      (text: string) => text.replaceAll(/"uid": "[^"]*?(_\d+_0")/g, '"uid": "x$1'),
      /compared answers to different tasks, or not all to one/,
    ],
    ['no JSON', 'rollouts/1.jsonl', (text: string) => text.replace('{', '{{'), /line 1 is no JSON/],
    [
      'a mean of others',
      'metrics.jsonl',
      (text: string) => text.replace(/"critic\/score\/mean":[\d.]+/, '"critic/score/mean":0.9876'),
      /mean score of 0\.9876 in step 1/,
    ],
    [
      'a loss that is none',
      'metrics.jsonl',
      (text: string) => text.replace(/"actor\/loss":[-\d.e]+/, '"actor/loss":null'),
      /actor\/loss is no number/,
    ],
    [
      'a figure less',
      'metrics.jsonl',
      (text: string) => text.replace('"actor/grad_norm"', '"actor/norm"'),
      /actor\/grad_norm is missing/,
    ],
    [
      'an answer that was never given',
      'answers.jsonl',
      (text: string) => text.split('\n').slice(1).join('\n'),
      /that no reward was asked for/,
    ],
    [
      'a record of nobody',
      'answers.jsonl',
      (text: string) => text.replace('"given"', '"got"'),
      /is not what was written/,
    ],
  ])('%s is refused by name', async (_, file, edit, expected) => {
    change(file, edit);
    await expect(read()).rejects.toThrow(expected);
  });

  it('a number that stood in is no score, and the mean that verl logs is not that of the verdicts', async () => {
    change('answers.jsonl', (text) => text.replace('"reason":null', '"reason":"timeout: late"'));
    const [first] = await read();
    expect(first!.loggedReward).toBeNull();
    const answers = first!.groups_P.flatMap(({ answers_G }) => answers_G);
    expect(answers.filter(({ score }) => score === null)).toMatchObject([{ reason: 'timeout: late' }]);
  });

  it('steps that are made again take the place of the first; a checkpoint of a step that was not dumped is passed over', async () => {
    const again: Attempt = { ...attempt, number: 2, from: 1, folder: join(folder, 'attempt-2') };
    cpSync(FIXTURE, again.folder, { recursive: true });
    await writeAttempt(again);
    writeFileSync(
      join(again.folder, 'metrics.jsonl'),
      readFileSync(join(FIXTURE, 'metrics.jsonl'), 'utf8').split('\n').slice(1).join('\n'),
    );
    expect((await read([attempt, again])).map(({ step }) => step)).toEqual([1, 2]);

    const here = { ...job, folder };
    expect(await stepToResume(here, [attempt])).toBe(0);
    for (const step of [1, 2]) {
      cpSync(FIXTURE, join(folder, `checkpoints/global_step_${step}/actor`), { recursive: true });
    }
    expect(await stepToResume(here, [attempt])).toBe(0);
    writeFileSync(join(folder, 'checkpoints/latest_checkpointed_iteration.txt'), '2');
    expect(await stepToResume(here, [attempt])).toBe(2);
    rmSync(join(attempt.folder, 'rollouts/2.jsonl'));
    expect(await stepToResume(here, [attempt])).toBe(1);
  });

  it('answers of a killed server are read again', async () => {
    const answers = await GivenAnswers.open(join(attempt.folder, 'answers.jsonl'));
    expect(answers.get(0, 0)).toMatchObject({ index: 0, session: 0, reason: null });
  });
});

describe('what the check has found', () => {
  const said = {
    versions: { python: '3.11.7', verl: '0.9.1', ray: '2.60.0', vllm: '0.24.0' },
    gpus: [0, 1],
    problems: [],
    rewards: [0, 0],
  };
  const levels = (check: typeof said, training: object = {}): string[] =>
    findingsOf(jobOf(configOf(training)), check).map(({ level, what }) => `${level} ${what}`);

  it('is its last line, and good where all is there', () => {
    expect(checkOf({ out: `noise\n${JSON.stringify(said)}\n` })).toEqual(said);
    expect(checkOf({ out: `${JSON.stringify(said)}\nTraceback` })).toBeNull();
    expect(levels(said)).toEqual(['ok verl', 'ok verl: rollout', 'ok verl: rewards', 'ok verl: GPUs']);
  });

  it('says what is missing', () => {
    const poor = {
      ...said,
      versions: { python: '3.11.7', verl: '0.8.0', ray: '2.60.0', vllm: '' },
      rewards: [],
    };
    expect(levels({ ...poor, gpus: [0] })).toEqual([
      'warning verl',
      'failed verl: rollout',
      'failed verl: rewards',
      'failed verl: GPUs',
    ]);
    expect(levels(said, { verl: { gpus_per_node: 2 } })).toContain('failed verl: GPUs');
  });
});
