import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { candidateOf, goodIsUseful, startProvider, type ProviderServer } from '@touchstone/testing';
import { runCli } from '../../program.js';

export const folder = mkdtempSync(join(tmpdir(), 'touchstone-bundle-'));
let judge: ProviderServer;
/** The keys that calls carried. */
export const keys = new Set<string | undefined>();

/** Before the tests of a file. @returns what ends it after them. */
export async function startJudge(): Promise<() => Promise<void>> {
  judge = await startProvider({
    respond: goodIsUseful,
    fate({ asked }) {
      keys.add(asked.authorization);
      return { kind: candidateOf(asked).includes('hang') ? 'hang' : 'reply' };
    },
  });
  const task = `${JSON.stringify({ id: 't', messages: [{ role: 'user', content: 'q' }] })}\n`;
  writeFileSync(join(folder, 'train.jsonl'), task);
  writeFileSync(join(folder, 'eval.jsonl'), task);
  for (const name of ['policy', 'schemas']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'policy/config.json'), '{}');
  writeFileSync(
    join(folder, 'schemas/answer.json'),
    JSON.stringify({ type: 'object', required: ['q'], properties: { q: { type: 'string' } } }),
  );
  return () => judge.goDown();
}

export function config(judge: string, checks = ''): string {
  const file = join(folder, 'touchstone.yaml');
  writeFileSync(
    file,
    `name: Contract review
policy: { model: local:policy }
data: { train: train.jsonl, eval: eval.jsonl }
judge:
  ${judge}
  objective: Judge it.
  criteria: [{ name: Useful, question: Is it useful? }]
reward:
  judge_weight: 0.75
  checks: [${checks}]
aws: { range: { min: -1, max: 1 } }
`,
  );
  return file;
}
export const CHECKS = `{ type: json-schema, schema: ./schemas/answer.json, gate: true },
    { type: language, weight: 0.05 },
    { type: grounding, quotes: q, document: metadata.document, min_words: 0, weight: 0.2 }`;
export const simulator = () =>
  `model: openai-compatible:simulator\n  base_url: ${judge.url}\n  structured_output: prompt\n  api_key_env: MY_JUDGE_KEY`;

export async function cli(args: string[], env: Record<string, string> = {}) {
  const got = { out: '', err: '' };
  const sink = (key: 'out' | 'err') => ({ write: (text: string) => void (got[key] += text) });
  const code = await runCli(['reward', ...args], { out: sink('out'), err: sink('err'), env });
  return { code, ...got };
}

export const turn = (content: unknown, role = 'assistant') => [
  { role: 'user', content: 'q' },
  { role, content },
];
export const event = [
  { id: 'a', messages: turn('{"q":"good"}'), document: 'good' },
  {
    id: 'b',
    messages: turn([{ type: 'text', text: '{"q":"bad"}' }], 'nova_assistant'),
    metadata: { document: 'bad' },
  },
  { id: 'c', messages: turn('{"q":"garbled"}'), document: 'garbled' },
  { id: 'd', messages: turn('["no object"]'), document: 'good' },
  { messages: turn('').slice(0, 1) },
  { id: 'f', messages: turn('{"q":"good"}') },
  { query: 'q', model_response: '{"q":"good"}', reference_answer: { text: '' }, document: 'good' },
];
