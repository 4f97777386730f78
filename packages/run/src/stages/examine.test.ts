import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadExaminationConfig } from '../config/load.js';
import { openExamination } from '../workspace/examination.js';
import { examineJudge, type ExaminationResult } from './examine.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-examine-'));
afterAll(() => rmSync(folder, { recursive: true }));

const lines = Array.from({ length: 12 }, (_, i) =>
  [true, false].map((isRight) => ({
    id: `t${i}`,
    question: `How much is ${i} times 11?`,
    response: `After all of the multiplication\nthe result\tis "${isRight ? 11 * i : 11 * i + 1}".`,
    labels: { Right: isRight },
  })),
).flat();

async function examine(judge: object): Promise<ExaminationResult> {
  writeFileSync(join(folder, 'labelled.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'));
  writeFileSync(
    join(folder, 'judge.mjs'),
    'export default (rollouts) => rollouts.map(() => ({ verdicts: [{ criterion: "Right", score: true }] }));',
  );
  const config = {
    judge: { kind: 'code', module: './judge.mjs', ...judge },
    data: { labelled: 'labelled.jsonl' },
    validation: { probes: 0, repeats: 1 },
  };
  writeFileSync(join(folder, 'touchstone.yaml'), JSON.stringify(config));
  const examination = await openExamination(await loadExaminationConfig(folder));
  try {
    return await examineJudge(examination);
  } finally {
    examination.store.close();
  }
}

test('answers that stand in the judge as examples are no evidence of it', async () => {
  const plain = await examine({ criteria: [{ name: 'Right', question: 'Is it right?' }] });
  expect([plain.judgements, plain.warnings]).toEqual([24, []]);
  const examples = lines.slice(3, 6).map(({ response }) => response.replace('\n', ' \n  '));
  const shown = await examine({
    criteria: [{ name: 'Right', question: `Is it right, as in these?\n${examples.join('\n')}` }],
  });
  expect(shown.judgements).toBe(21);
  expect(shown.warnings).toEqual([expect.stringContaining('3 labelled answers stand in the judge')]);
});

test('a judge that is shown more at once in training than in its examination comes with a warning', async () => {
  const { warnings } = await examine({
    compares: true,
    criteria: [{ name: 'Right', question: 'Is it right?' }],
  });
  expect(warnings).toEqual([expect.stringContaining('no labelled task has more than 2')]);
});
