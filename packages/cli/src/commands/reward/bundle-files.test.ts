import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NovaResult } from '@touchstone/serve';
import { unzipSync } from 'fflate';
import { afterAll, expect, it } from 'vitest';
import { runCli } from '../../program.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-bundle-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function cli(...args: string[]) {
  const got = { out: '', err: '' };
  const sink = (key: 'out' | 'err') => ({ write: (text: string) => void (got[key] += text) });
  const code = await runCli(['reward', ...args], { out: sink('out'), err: sink('err'), env: {} });
  return { code, ...got };
}

/** The scores of these answers, by the handler in this process and by the bundle in one of its own. */
async function scoresOf(yaml: string, ...answers: string[]): Promise<number[][]> {
  const file = join(folder, 'touchstone.yaml');
  writeFileSync(file, yaml);
  const event = answers.map((content, i) => ({
    id: `a${i}`,
    messages: [
      { role: 'user', content: 'q' },
      { role: 'assistant', content },
    ],
  }));
  writeFileSync(join(folder, 'event.json'), JSON.stringify(event));
  const made = await cli('bundle', file, '--out', join(folder, 'out'));
  expect(made).toMatchObject({ code: 0, err: '' });
  const results = [];
  for (const what of [file, join(folder, 'out/function.zip')]) {
    const { out, err } = await cli('invoke', what, join(folder, 'event.json'), '--json');
    expect(err).not.toContain('failed');
    results.push((JSON.parse(out) as NovaResult[]).map((one) => one.aggregate_reward_score));
  }
  return results;
}

it('a bundle carries what checks and judges name: phrases, code, and what that imports', async () => {
  mkdirSync(join(folder, 'code'), { recursive: true });
  writeFileSync(join(folder, 'phrases.txt'), 'cannot lose\n');
  writeFileSync(join(folder, 'code/words.mjs'), 'export const words = (text) => text.split(" ").length;');
  writeFileSync(
    join(folder, 'code/check.mjs'),
    'import { words } from "./words.mjs"; export default ({ response }) => words(response) / 4;',
  );
  writeFileSync(
    join(folder, 'code/judge.mjs'),
    `import { words } from './words.mjs';
    export default (rollouts) => rollouts.map((one) => 1 / words(one.response));`,
  );
  const [here, bundled] = await scoresOf(
    `name: Own code
judge: { kind: panel, members: { one: { kind: code, module: ./code/judge.mjs }, two: { kind: code, module: code/judge.mjs } } }
reward:
  judge_weight: 0.5
  checks:
    - { type: safety, lists: [], phrases_file: phrases.txt, gate: true }
    - { type: code, module: code/check.mjs, weight: 0.5 }
`,
    'one two',
    'you cannot lose',
    'a b c d',
  );
  // (1/2 + 2/4) / 2, a gate, (1/4 + 4/4) / 2
  expect(here).toEqual([0.5, 0, 0.625]);
  expect(bundled).toEqual(here);
  const files = unzipSync(readFileSync(join(folder, 'out/function.zip')));
  expect(Object.keys(files).sort()).toEqual(['code/check.mjs', 'code/judge.mjs', 'index.mjs', 'phrases.txt']);
});

it('a bundle gives up a check that an answer would keep for ever, as the handler in this process does', async () => {
  const schema = { type: 'array', items: { type: 'string', pattern: '^(\\d+,?)*$' }, uniqueItems: true };
  writeFileSync(join(folder, 'numbers.json'), JSON.stringify(schema));
  writeFileSync(
    join(folder, 'short.mjs'),
    'export default ({ response }) => { while (response.length > 20); return 1; };',
  );
  const [here, bundled] = await scoresOf(
    `name: Limits
reward:
  checks:
    - { type: json-schema, schema: numbers.json, weight: 0.75 }
    - { type: code, module: short.mjs, weight: 0.25, timeout_seconds: 1 }
`,
    '["1,2"]',
    `["${'1'.repeat(40)}!"]`,
    '["1","1"]',
  );
  expect(here).toEqual([1, 0, 0.25]);
  expect(bundled).toEqual(here);
});

it('a judge of groups opens in a bundle, which has no schemas to parse its fallback with', async () => {
  const [here, bundled] = await scoresOf(
    `name: Group
judge:
  kind: group
  model: openai-compatible:down
  base_url: http://127.0.0.1:1/v1
  attempts: 1
  outage_seconds: 0
  objective: Judge.
  criteria: [{ name: A, question: Is it good? }]
`,
    'x',
    '',
  );
  // Nobody answers: neutral on this wire. An empty answer is a bad one.
  expect(here).toEqual([0.5, 0]);
  expect(bundled).toEqual(here);
});
