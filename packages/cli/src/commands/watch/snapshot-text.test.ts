import type { RunSnapshot } from '@touchstone/run';
import { expect, it } from 'vitest';
import { snapshotText } from './snapshot-text.js';

const step = (number: number, reward: number): RunSnapshot['steps'][number] => ({
  step: number,
  metrics: { reward, response_tokens: 12.345 },
  intervals: {},
  components: {},
  seconds: 10,
});
const RUN: RunSnapshot = {
  folder: 'runs/mine',
  name: 'mine',
  backend: 'embedded',
  isAtWork: true,
  idleMs: 2000,
  stage: { title: '3 of 6, Reinforcement fine-tuning', sinceMs: 61_000 },
  finished: [{ name: 'judge', seconds: 9 }],
  steps: [step(1, 0.2), step(2, 0.6)],
  stepsWanted: 8,
  alarms: Array.from({ length: 6 }, (_, i) => ({ time: `2026-11-27T10:00:0${i}.000Z`, text: `alarm ${i}` })),
  answers: [
    { task: 'a', response: 'good\u001b[2J', score: 0.9, reason: 'Right 1: it is' },
    { task: 'a', response: 'x'.repeat(500), score: null, reason: 'timeout: no reply' },
  ],
  paid: [{ who: 'judge', calls: 1234, inputTokens: 5, outputTokens: 6, money: 0.5 }],
};

it('says where a run is, what it learns from, what it costs and what is odd', () => {
  const text = snapshotText(RUN, 100);
  expect(text).toMatch(/^mine: 3 of 6, Reinforcement fine-tuning, for 1 min 01 s; last written 2 s ago\n/);
  expect(text).toMatch(
    /Step 2 of 8, about 1 min 00 s left\nReward ▁█ 0\.2 to 0\.6\n.*Answer length 12\.3 tokens/,
  );
  expect(text).toMatch(/judge +1,234 +5 +6 +0\.50/);
  expect(text).toMatch(/0\.90 +good\S* +Right 1: it is/);
  expect(text).toMatch(/none +x{39}… +timeout: no reply/);
  expect(text).toContain('the newest 5 of 6');
  expect(text).not.toContain('alarm 0');
  // Answers must not steer the terminal.
  expect(text).not.toContain('\u001b');
  expect(snapshotText({ ...RUN, isAtWork: false })).toMatch(
    /^mine: 3 of 6, .*, begun 1 min 01 s ago, and no process is at work on it/,
  );
});

it('says little of a run that has hardly begun', () => {
  const text = snapshotText({
    ...RUN,
    stage: null,
    finished: [],
    steps: [],
    alarms: [],
    answers: [],
    paid: [],
  });
  expect(text).toBe('mine: no stage is at work; last written 2 s ago\n');
});
