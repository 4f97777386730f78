import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ruleJudge, startProvider, type ProviderServer } from '@touchstone/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../program.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-judge-'));
const PLAYED = '<img src=x onerror=alert(1)>';
let simulator: ProviderServer;
/** Likes what is wrong: everything that holds the word "frost" and nothing else. */
beforeAll(async () => {
  simulator = await startProvider({
    respond: ruleJudge((candidate) => ({ Right: candidate.includes('frost') })),
  });
  writeFileSync(
    join(folder, 'touchstone.yaml'),
    `name: seed-orders
output: runs
data: { labelled: labelled.jsonl }
validation: { repeats: 1, probes: 0 }
judge:
  model: openai-compatible:rule
  base_url: ${simulator.url}
  structured_output: prompt
  attempts: 1
  objective: Judge it.
  criteria: [{ name: Right, question: Is it right? }]
`,
  );
  const lines = Array.from({ length: 24 }, (_, i) =>
    [true, false].map((right) =>
      JSON.stringify({
        id: `order-${i}`,
        question: `When are seeds of batch ${i} sown?`,
        response: right ? `In week ${i} of spring.` : `In week ${i} of frost. ${PLAYED}`,
        labels: { Right: right },
      }),
    ),
  ).flat();
  writeFileSync(join(folder, 'labelled.jsonl'), lines.join('\n'));
});
afterAll(async () => {
  await simulator.goDown();
  rmSync(folder, { recursive: true });
});

test('touchstone judge leaves a page that says why not, with what the judge wrote, although the gate says no', async () => {
  const got = { out: '', err: '' };
  const sink = (key: 'out' | 'err') => ({ write: (text: string) => void (got[key] += text) });
  const code = await runCli(['judge', folder], { out: sink('out'), err: sink('err'), env: {} });
  expect({ code, err: got.err }).toMatchObject({ code: 3 });
  const file = join(folder, 'runs/judge.html');
  expect(got.out).toContain('This judge may not train a model.');
  expect(got.out).toContain(`Report: ${file}`);
  const html = readFileSync(file, 'utf8');
  expect(html).toMatch(
    /<strong>This judge may not train a model\.<\/strong> Does it put the answers to a task in the right order\? No: order accuracy is 0\.00/,
  );
  expect(html).toContain('The labels prefer the first answer, the judge the second.');
  expect(html).toContain('In week 3 of frost. &lt;img');
  expect(html).not.toContain(PLAYED);
  expect(html).toMatch(/Reply of the judge, Better by the judge.*Right/s);
  expect(readFileSync(join(folder, 'runs/certificate.json'), 'utf8')).not.toContain('frost');
});
