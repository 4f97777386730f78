import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RewardRecord } from '@touchstone/serve';
import { startProvider, type ProviderServer } from '@touchstone/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCli } from '../program.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-grader-'));
let simulator: ProviderServer;
/** The prompts that the judge simulator was sent. */
let asked: string[] = [];
/** What it replies to a prompt. */
let rule: (prompt: string) => string;

beforeAll(async () => {
  simulator = await startProvider({
    respond({ prompt }) {
      asked.push(prompt);
      return rule(prompt);
    },
  });
  vi.stubEnv('OPENAI_API_KEY', 'test');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await simulator.goDown();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  asked = [];
});

async function cli(...args: string[]) {
  const got = { out: '', err: '' };
  const sink = (key: 'out' | 'err') => ({ write: (text: string) => void (got[key] += text) });
  const code = await runCli(args, { out: sink('out'), err: sink('err'), env: {} });
  return { code, ...got };
}

/** Imports a grader and scores answers with what was written: the whole way that a user goes. */
async function importAndScore(grader: string, lines: object[]): Promise<RewardRecord[]> {
  const target = mkdtempSync(join(folder, 'import-'));
  expect(await cli('init', target, '--from', grader)).toMatchObject({ code: 0, err: '' });
  const yaml = join(target, 'touchstone.yaml');
  writeFileSync(yaml, readFileSync(yaml, 'utf8').replace('https://api.openai.com/v1', simulator.url));
  const answers = join(target, 'answers.jsonl');
  writeFileSync(answers, lines.map((line) => JSON.stringify(line)).join('\n'));
  const { code, out, err } = await cli('reward', 'score', target, answers, '--json');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return (JSON.parse(out) as { rewards: RewardRecord[] }).rewards;
}

function graderFile(name: string, grader: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, typeof grader === 'string' ? grader : JSON.stringify(grader));
  return file;
}

const line = (response: string, fields: object = {}) => ({
  messages: [{ role: 'user', content: 'Name the kind of the clause.' }],
  ...fields,
  response,
});

describe('an imported grader', () => {
  it('scores without a model where it needs none', async () => {
    const grader = graderFile('multi.json', {
      type: 'multi',
      graders: {
        text: {
          type: 'text_similarity',
          name: 'text',
          input: '{{sample.output_json.text}}',
          reference: '{{item.text}}',
          evaluation_metric: 'fuzzy_match',
        },
        kind: {
          type: 'string_check',
          name: 'kind',
          input: '{{sample.output_json.kind}}',
          reference: '{{item.kind}}',
          operation: 'eq',
        },
      },
      calculate_output: 'min(text, kind) + 0.5 * max(text, kind)',
    });
    const fields = { text: 'abcd', kind: 'Y' };
    const rewards = await importAndScore(grader, [
      line('{"text":"abcd","kind":"Y"}', fields),
      line('{"text":"abxd","kind":"Y"}', fields),
      line('{"text":"abcd","kind":"N"}', fields),
      line('no JSON', fields),
    ]);
    // calculate_output reaches 1.5, which becomes 1.
    [1, (0.75 + 0.5) / 1.5, 0.5 / 1.5, 0].forEach((expected, i) =>
      expect(rewards[i]!.score).toBeCloseTo(expected, 12),
    );
    expect(asked).toEqual([]);
  });

  it('asks its model with its own words, and abstains from what is no score', async () => {
    const grader = graderFile('score.json', {
      type: 'score_model',
      model: 'm',
      input: [{ role: 'user', content: 'Grade {{sample.output_text}} against {{item.gold}} from 0 to 4.' }],
      range: [0, 4],
    });
    rule = (prompt) => /Grade (.*) against/.exec(prompt)![1]!;
    const rewards = await importAndScore(
      grader,
      ['3', 'Score: 1', '5', 'well', 'Score: 4 Score: 0', ' '].map((reply) => line(reply, { gold: 'g' })),
    );
    expect(rewards.map(({ score }) => score)).toEqual([0.75, 0.25, null, null, null, 0]);
    expect(rewards.map(({ reason }) => reason)).toEqual([
      undefined,
      undefined,
      'unparseable',
      'unparseable',
      'unparseable',
      undefined,
    ]);
    expect(asked).toContain('Grade 3 against g from 0 to 4.');
    expect(asked).toHaveLength(5);
  });

  it.each([
    ['not JSON', '{', 'not JSON'],
    ['another thing', { type: 'quality' }, 'type: expected string_check, text_similarity'],
    ['half a grader', { type: 'string_check', input: 'x' }, 'reference: '],
    ['Python', { type: 'python', source: '' }, 'grader.json: a Python grader does not run'],
  ])('is refused when it is %s', async (_, grader, message) => {
    const { code, err } = await cli(
      'init',
      join(folder, 'none'),
      '--from',
      graderFile('grader.json', grader),
    );
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });
});

const data = process.env['TOUCHSTONE_DATA'] ?? '';
const sets = ['azure_rft_clausematching', 'azure_rft_countdown'];
const missing = sets.some((name) => !existsSync(join(data, name)));
const why = missing
  ? ` (skipped: TOUCHSTONE_DATA does not point to a folder with ${sets.join(' and ')})`
  : '';

describe.skipIf(missing)(`the graders of Microsoft's samples${why}`, () => {
  const read = (set: string, file: string): Record<string, string>[] =>
    readFileSync(join(data, set, file), 'utf8')
      .split('\n')
      .filter((text) => text.trim() !== '')
      .map((text) => JSON.parse(text) as Record<string, string>);
  const clauses = () => read('azure_rft_clausematching', 'clause_matching_validation.jsonl');
  const answer = (clause_type: unknown, extracted_text: unknown) =>
    JSON.stringify({ clause_type, extracted_text });
  const other = { Exclusivity: 'Non-Compete', 'Non-Compete': 'Exclusivity' } as Record<string, string>;

  it('multi_grader.json: 40 lines, four answers each, no model', async () => {
    const lines = clauses();
    const rewards = await importAndScore(
      join(data, 'azure_rft_clausematching/multi_grader.json'),
      lines.flatMap(({ clause_type, extracted_text, ...rest }) =>
        [
          answer(clause_type, extracted_text),
          answer(other[clause_type!], extracted_text),
          answer(clause_type, extracted_text!.slice(10)),
          extracted_text!,
        ].map((response) => ({ ...rest, clause_type, extracted_text, response })),
      ),
    );
    expect(rewards).toHaveLength(160);
    lines.forEach(({ extracted_text }, i) => {
      // Ten code points (or their halves) less: 2·LCS / (|a| + |b|).
      const [whole, cut] = [extracted_text!, extracted_text!.slice(10)].map((text) => [...text].length) as [
        number,
        number,
      ];
      [1, 0.5, 0.5 + cut / (whole + cut), 0].forEach((expected, k) =>
        expect(rewards[4 * i + k]!.score).toBeCloseTo(expected, 9),
      );
    });
    expect(asked).toEqual([]);
  });

  it('model_grader.json: its own prompt, a bare number', async () => {
    // The rule of the prompt, by a simulator that reads it as a model would: what stands behind the two colons.
    rule = (prompt) => {
      const [, type] = /Reference answer: .*"clause_type": ([\w-]+)\}\n/s.exec(prompt)!;
      const [, reference] = /"extracted_text": (.*), "clause_type": /s.exec(prompt)!;
      const given = JSON.parse(/Model answer: (.*)$/s.exec(prompt)![1]!) as Record<string, string>;
      const same = [given['clause_type'] === type, given['extracted_text'] === reference];
      return (same.filter(Boolean).length / 2).toFixed(1);
    };
    const lines = clauses().slice(0, 10);
    const rewards = await importAndScore(
      join(data, 'azure_rft_clausematching/model_grader.json'),
      lines.flatMap(({ clause_type, extracted_text, ...rest }) =>
        [
          answer(clause_type, extracted_text),
          answer(other[clause_type!], extracted_text),
          answer(other[clause_type!], 'nothing'),
          'no JSON',
        ].map((response) => ({ ...rest, clause_type, extracted_text, response })),
      ),
    );
    expect(rewards.map(({ score }) => score)).toEqual(lines.flatMap(() => [1, 0.5, 0, 0]));
    // An answer that is no JSON is a bad answer, and costs nothing.
    expect(asked).toHaveLength(30);
  });

  it('RFT_Countdown__grader_config_aoai.json: "Score: n" and its reasoning, 0 to 5', async () => {
    rule = (prompt) => {
      const [, target, numbers, output] = /"target": (.*), "numbers": (.*), "output": (.*)\}$/s.exec(prompt)!;
      const { result } = JSON.parse(output!) as { result: string };
      const away = Math.abs(Number(result) - Number(target));
      return `**Score: ${away === 0 ? 5 : away <= 1 ? 4 : 0}**\nReasoning: ${result} from ${numbers}, target ${target}.`;
    };
    const lines = read('azure_rft_countdown', 'RFT_Countdown__countdown_valid_15.jsonl');
    const rewards = await importAndScore(
      join(data, 'azure_rft_countdown/RFT_Countdown__grader_config_aoai.json'),
      lines.flatMap((fields) =>
        [0, 1, 9].map((off) => ({
          ...fields,
          response: JSON.stringify({ expression: '1', result: `${Number(fields['target']) + off}` }),
        })),
      ),
    );
    expect(rewards).toHaveLength(3 * lines.length);
    expect(rewards.map(({ score }) => score)).toEqual(lines.flatMap(() => [1, 0.8, 0]));
  });
});
