import { createDispatcher, type Judge, judgeSchema, type LabelledAnswer, openJudge } from '@touchstone/core';
import type { JudgeFinding, LanguageModel } from '@touchstone/spec';
import type { RunStore } from '@touchstone/store';

import { probeFindings } from '../probes/findings.js';
import type { Gate } from './gate.js';
import type { ValidationInput } from './validate-judge.js';

/** How the judges of these tests read an item: what it says they should say, or 'wobbly' for what the seed says. */
export interface Item {
  clear: number;
  useful: boolean | 'wobbly' | 'refuse';
}

/** A language model that grades the item of the prompt as the item says, in the reply format of real judges. */
export function model(id: string, usual: (item: Item) => Item = (item) => item): LanguageModel {
  return {
    id,
    version: '1',
    structuredOutput: false,
    generate: ({ messages, seed }) => {
      const [, json = '', marker = ''] = /^(.*) id (\w+)$/.exec(messages[0]!.content) ?? [];
      const { clear, useful } = usual(JSON.parse(json) as Item);
      if (useful === 'refuse')
        return Promise.resolve({ text: '', finish: 'refusal', inputTokens: 9, outputTokens: 0 });
      const verdicts = [
        { criterion: 'Clear', evidence: '', reason: 'as it says', score: clear },
        {
          criterion: 'Useful',
          evidence: '',
          reason: 'as it says',
          score: useful === 'wobbly' ? seed % 2 === 0 : useful,
        },
      ];
      const text = JSON.stringify({ id: marker, verdicts });
      return Promise.resolve({ text, finish: 'stop', inputTokens: 9, outputTokens: 30 });
    },
  };
}

export const config = judgeSchema.parse({
  model: 'openai-compatible:test',
  base_url: 'http://127.0.0.1:1/v1',
  unit: 'item',
  objective: 'Judge an item.',
  criteria: [
    { name: 'Clear', question: 'Is it clear?', scale: 'graded', anchors: { 1: 'no', 5: 'yes' } },
    { name: 'Useful', question: 'Is it useful?' },
  ],
  prompt: '{{item}} id {{marker}}',
});

export function judgeOf(model: LanguageModel, cache?: RunStore, settings = config): Promise<Judge> {
  const dispatcher = createDispatcher({
    concurrency: 4,
    timeout_seconds: 10,
    attempts: 1,
    seed: 1,
    ...(cache ? { cache } : {}),
  });
  const open = () => Promise.resolve({ model, fallbacks: [], dispatcher });
  return openJudge(settings, { seed: 1, baseDir: '.', open });
}

export const taskOf = (id: string): LabelledAnswer['task'] => ({
  id,
  messages: [],
  reference: null,
  metadata: { id },
});

/** A labelled answer of one item for each pair of what the judge will say and what the label says. */
export function labelled(
  id: string,
  ...items: { says: Item; label: Record<string, number> }[]
): LabelledAnswer {
  return {
    task: taskOf(id),
    response: JSON.stringify(items.map(({ says }) => ({ ...says, task: id }))),
    labels: items.map(({ label }) => label),
  };
}

export const agreeing = Array.from({ length: 40 }, (_, i) => {
  const [clear, useful] = [1 + (i % 5), i % 2 === 0];
  return labelled(`t${i}`, { says: { clear, useful }, label: { Clear: clear, Useful: Number(useful) } });
});

/** What the default gate asks of tasks with several answers. */
export const ONE_ANSWER_A_TASK: Exclude<Gate, 'off'> = {
  order_accuracy: 'off',
  'order_accuracy.against_length': 'off',
  heldout_order_accuracy: 'off',
  spread: 'off',
};
/** What it asks of answers that are made. */
export const NO_PROBES: Exclude<Gate, 'off'> = Object.fromEntries(
  probeFindings([]).flatMap(({ name, gate }) => (gate ? [[name, 'off']] : [])),
);

/** An examination that asks nothing but what a test adds. */
export const BARE: Omit<ValidationInput, 'judge'> = {
  heldout: null,
  labelled: [],
  regression: [],
  repeats: 1,
  probes: 0,
  variants: 0,
  gate: {},
  seed: 1,
};

export const input = async (overrides: Partial<ValidationInput>): Promise<ValidationInput> => ({
  ...BARE,
  judge: await judgeOf(model('main')),
  ...overrides,
});

export function named(findings: readonly JudgeFinding[], name: string): JudgeFinding {
  const finding = findings.find((one) => one.name === name);
  if (!finding) throw new Error(`no finding ${name} in ${findings.map((one) => one.name).join(', ')}`);
  return finding;
}
