import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TEMPLATE_NAMES } from '@touchstone/run';
import { startProvider, type ProviderOptions } from '@touchstone/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { runCli } from '../program.js';

const root = mkdtempSync(join(tmpdir(), 'touchstone-init-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const toJson = (value: unknown): string => JSON.stringify(value);

type Labels = Record<string, number | boolean>;
interface Line {
  messages: { content: string }[];
  response: string;
  labels?: Labels | Labels[];
  kind?: string;
  variant?: string;
  better?: string;
  worse?: string;
}

const linesOf = (folder: string, file: string): Line[] =>
  readFileSync(join(folder, 'data', file), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

async function touchstone(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const got = { out: '', err: '' };
  const sink = (key: 'out' | 'err') => ({ write: (text: string) => void (got[key] += text) });
  const code = await runCli(args, { out: sink('out'), err: sink('err'), env: {} });
  return { code, ...got };
}

/** An answer without what a harmless change adds to it: who knows answers by heart to the letter is no judge. */
const plainOf = (answer: string): string =>
  answer
    .normalize('NFC')
    .replace(/^Here is my answer\./, '')
    .replace(/I hope this helps\.\s*$/, '')
    .replaceAll('’', "'")
    .replace(/\s+/g, ' ')
    .trim();

/**
 * A judge by rule that has read the labels of a folder: it says what they say, or the opposite. Of answers without labels
 * it says what the regression cases expect.
 */
function labelReader(folder: string, contrary: boolean): ProviderOptions['respond'] {
  const labelled = linesOf(folder, 'labelled.jsonl');
  const known = new Map<string, Labels>();
  for (const { response, labels } of labelled) {
    if (!Array.isArray(labels)) known.set(plainOf(response), labels!);
    else
      labels.forEach((one, i) =>
        known.set(plainOf(JSON.stringify((JSON.parse(response) as unknown[])[i])), one),
      );
  }
  const [template] = known.values();
  const all = (value: boolean): Labels =>
    Object.fromEntries(
      Object.entries(template!).map(([name, label]) => [
        name,
        // `score` is what a judge without criteria gives, 0 to 1.
        typeof label === 'boolean' ? value : name === 'score' ? Number(value) : value ? 5 : 1,
      ]),
    );
  const learn = (response: string | undefined, value: boolean): void => {
    const items = response?.startsWith('[{') ? (JSON.parse(response) as unknown[]) : [];
    for (const text of [response, ...items.map((item) => JSON.stringify(item))]) {
      if (text !== undefined && !known.has(plainOf(text))) known.set(plainOf(text), all(value));
    }
  };
  for (const { response, variant, better, worse, kind } of linesOf(folder, 'regression.jsonl')) {
    for (const text of [response, variant, better]) learn(text, kind !== 'bad');
    learn(worse, false);
  }
  /** An answer that is good to one task is none to another. */
  const asked = new Map(
    [...labelled, ...linesOf(folder, 'regression.jsonl')].flatMap(({ response, messages, labels }) => {
      const items = Array.isArray(labels) ? (JSON.parse(response) as unknown[]).map(toJson) : [];
      return [response, ...items]
        .flatMap((text: string | undefined) => text ?? [])
        .map((text) => [plainOf(text), messages[0]!.content] as const);
    }),
  );
  const isAsked = (answer: string, prompt: string): boolean => prompt.includes(asked.get(answer) ?? '');
  const said = (label: number | boolean): number | boolean =>
    !contrary ? label : typeof label === 'boolean' ? !label : 6 - label;
  return ({ prompt }) => {
    const shown = (tag: string): string | undefined => {
      const found = new RegExp(`<${tag}>\\n(.*)\\n</${tag}>`, 's').exec(prompt)?.[1];
      return found === undefined ? undefined : plainOf(found);
    };
    const id = /reply id is (\w+)\s*$/.exec(prompt)![1];
    const [a, b] = [shown('answer_a'), shown('answer_b')];
    if (a !== undefined && b !== undefined) {
      const better = (answer: string): boolean =>
        Number(known.get(answer)?.['score'] ?? 0) > 0 && isAsked(answer, prompt);
      const winner = better(a) === better(b) ? 'tie' : better(a) !== contrary ? 'A' : 'B';
      return JSON.stringify({ id, evidence_a: '', evidence_b: '', reason: 'by its label', winner });
    }
    // What it does not know was made to please it.
    const answer = shown('candidate') ?? shown('answer')!;
    const labels = (isAsked(answer, prompt) ? known.get(answer) : undefined) ?? all(contrary);
    const verdicts = Object.entries(labels).map(([criterion, label]) => ({
      criterion,
      evidence: '',
      reason: 'by its label',
      score: said(label),
    }));
    return JSON.stringify({ id, verdicts });
  };
}

describe.each(TEMPLATE_NAMES)('the folder that init writes from the template %s', (template) => {
  it('lacks a policy only, and its judge can be examined at once', async () => {
    const folder = join(root, template);
    const begun = await touchstone('init', folder, '--template', template);
    expect(begun).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringContaining(`touchstone judge ${folder}`),
    });

    const examined = await touchstone('doctor', folder);
    expect(examined.code).toBe(0);
    expect(examined.out).toMatch(/^warning +Training [^\n]*policy\.model: there is no such model folder/m);

    const path = join(folder, 'touchstone.yaml');
    const yaml = readFileSync(path, 'utf8');
    for (const contrary of [false, true]) {
      const endpoint = await startProvider({ respond: labelReader(folder, contrary) });
      writeFileSync(path, yaml.replace('http://127.0.0.1:8000/v1', endpoint.url));
      const judged = await touchstone('judge', folder, '--json', '--out', join(folder, String(contrary)));
      await endpoint.goDown();
      // A sample of a template is small: even a judge that is always right is not shown to be fit by it.
      expect({ code: judged.code, err: judged.err }).toEqual({
        code: 3,
        err: expect.stringContaining(contrary ? 'not fit to train against' : 'Too little is known'),
      });
      const result = JSON.parse(judged.out) as {
        gate: string;
        abstentions: object;
        unmatchedLabels: number;
        findings: { name: string; estimate: { mean: number } | null }[];
      };
      expect(result).toMatchObject({
        gate: contrary ? 'failed' : 'insufficient-data',
        abstentions: {},
        unmatchedLabels: 0,
      });
      const mean = (name: string) => result.findings.find((one) => one.name === name)?.estimate?.mean;
      // What the labels say keeps to every band of the regression cases: labels and cases agree with one another.
      if (!contrary) expect([mean('label_accuracy'), mean('regression')]).toEqual([1, 1]);
    }
  }, 120_000);
});
