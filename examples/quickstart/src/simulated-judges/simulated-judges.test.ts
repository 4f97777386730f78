import { createDispatcher, judgeSchema, openJudge, toScore } from '@touchstone/core';
import { TEMPLATES, TEMPLATE_NAMES } from '@touchstone/run';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { SIMULATED_JUDGES } from './judges.js';
import { simulatorOf, WORLDS } from './model.js';
import { openSimulator } from './simulator.js';
import { labelledLines } from './worlds/world.js';

interface Line {
  id: string;
  response: string;
  labels: Record<string, number | boolean> | Record<string, number | boolean>[];
  messages: { role: 'user'; content: string }[];
  reference_answer?: string;
}

describe.each(TEMPLATE_NAMES)('the tasks for the template %s', (template) => {
  const draw = (positive: number) =>
    labelledLines(WORLDS[template], { seed: 7, tasks: 60, answers: 4, positive }) as Line[];

  it('are the same for the same seed, and have as many positive labels as is asked', () => {
    expect(draw(0.5)).toEqual(draw(0.5));
    for (const positive of [0.5, 0.95]) {
      const values = draw(positive)
        .flatMap(({ labels }) => (Array.isArray(labels) ? labels : [labels]))
        .flatMap((record): (number | boolean)[] => Object.values(record));
      // A graded criterion goes from 1 to 5.
      const share =
        values.filter(
          (value) => (value === true ? 1 : Number(value)) >= (template === 'contract-review' ? 3 : 1),
        ).length / values.length;
      expect(Math.abs(share - positive)).toBeLessThan(positive > 0.9 ? 0.05 : 0.16);
    }
  });

  it('are judged as their labels say by the good judge, through real prompts and the real parser', async () => {
    const config = judgeSchema.parse((parse(TEMPLATES[template].yaml) as { judge: unknown }).judge);
    const model = simulatorOf(SIMULATED_JUDGES.good, WORLDS[template]);
    const dispatcher = createDispatcher({ concurrency: 8, timeout_seconds: 5, attempts: 1, seed: 1 });
    const judge = await openJudge(config, {
      seed: 1,
      baseDir: '.',
      open: () => Promise.resolve({ model, fallbacks: [], dispatcher }),
    });
    if (judge.compares) return;
    let [agree, all] = [0, 0];
    for (const line of draw(0.5).slice(0, 60)) {
      const { id, messages, reference_answer: reference = null, response, labels, ...metadata } = line;
      const [judgement] = await judge.judge([{ id, task: { id, messages, reference, metadata }, response }]);
      [labels].flat().forEach((record, i) => {
        const verdict = judgement!.verdicts[i]!;
        for (const criterion of judge.criteria) {
          const said =
            verdict.status === 'scored' && verdict.criteria.find((one) => one.criterion === criterion.name);
          if (!said) continue; // Not asked any more, after a veto.
          all += 1;
          agree += Number(said.score === toScore(criterion, Number(record[criterion.name])));
        }
      });
    }
    expect(all).toBeGreaterThan(100);
    expect(agree / all).toBeGreaterThan(0.95);
  });
});

it('a simulator that there is not is refused by name', () => {
  expect(() => openSimulator('helpfulness/none')).toThrow(/one of good, constant.*got "helpfulness\/none"/);
});
