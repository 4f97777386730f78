import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

async function run(...args: string[]) {
  const got = { out: '', err: '' };
  const sink = (key: 'out' | 'err') => ({ write: (text: string) => void (got[key] += text) });
  const code = await runCli(args, { out: sink('out'), err: sink('err'), env: {} });
  return { ...got, code };
}

test('touchstone judge leaves a page that says why not, with what the judge wrote, although the gate says no', async () => {
  const got = await run('judge', folder);
  expect(got).toMatchObject({ code: 3 });
  const file = join(folder, 'runs/judge.html');
  expect(got.out).toContain('This judge may not train a model.');
  expect(got.out).toMatch(/^Record \(no pass\): [0-9a-f]{64}$/m);
  expect(got.err).toMatch(/ 3 of \d+ gated findings failed\.\n(  \w+: [^\n]*\n){3}  19 further: /);
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

test('a held-out judge that is the judge, and a true where a level is wanted, are refused before anything is paid', async () => {
  const at = join(folder, 'touchstone.yaml');
  const plain = readFileSync(at, 'utf8');
  writeFileSync(at, `${plain.replace('judge:\n', 'judge: &judge\n')}heldout_judge: *judge\n`);
  expect(await run('judge', folder)).toMatchObject({
    code: 2,
    err: expect.stringContaining('agree with itself'),
  });
  writeFileSync(
    at,
    plain.replace(
      'question: Is it right?',
      'question: How right is it?, scale: graded, anchors: { 1: not, 5: fully }',
    ),
  );
  const graded = await run('judge', folder, '--out', join(folder, 'graded'));
  expect(graded).toMatchObject({ code: 2, err: expect.stringContaining('Right goes from 1 to 5, got true') });
  writeFileSync(at, plain.replace('name: Right', 'name: Rihgt'));
  const misspelt = await run('judge', folder, '--out', join(folder, 'misspelt'));
  expect(misspelt.code).toBe(2);
  // No word of what it would cost.
  expect(misspelt.err).toMatch(
    /^error: labelled answer to task "[^"]+" and \d+ more: .* got "Right", did you mean "Rihgt"\?\n/,
  );
  writeFileSync(at, plain);
});

test('touchstone judge --plan says of what it only estimates that it is about so much', async () => {
  const { code, out } = await run('judge', folder, '--plan');
  expect(code).toBe(0);
  expect(out).toMatch(/tokens read, about +written at most +dollars, about\n/);
  expect(out).toMatch(/^labelled answers +48 +48 +[\d,]+ +[\d,]+ +–$/m);
  expect(out).toMatch(/^asked another way: reworded +24 +24 +[\d,]+ +[\d,]+ +–$/m);
  expect(out).toMatch(/^About 72 calls and [\d.]+K tokens read, at most [\d.]+K written; /m);
  expect(out).toMatch(/^A model that is asked has no `price` in the configuration: dollars are not known\./m);
});

test('tasks to write the judge with are not those that it is certified on, and whoever looks often is told so', async () => {
  const plain = readFileSync(join(folder, 'touchstone.yaml'), 'utf8');
  expect((await run('judge', folder, '--dev')).err).toContain('validation.dev_share');
  const judged = async (objective: string, ...flags: string[]) => {
    const text = `${plain.replace('Judge it.', objective).replace('probes: 0', 'probes: 0, dev_share: 0.5')}
reward: { answer: { after_thinking: true } }`;
    writeFileSync(join(folder, 'touchstone.yaml'), text);
    const { out, code } = await run('judge', folder, '--json', '--out', join(folder, 'parts'), ...flags);
    expect(code).toBe(3);
    return JSON.parse(out) as {
      judgements: number;
      warnings: string[];
      certificate: { looks: number; part: string; answer: object };
    };
  };
  const dev = await judged('Judge it.', '--dev');
  expect(dev.certificate).toMatchObject({ part: 'dev', looks: 0 });
  expect(existsSync(join(folder, 'parts/certificate.json'))).toBe(false);
  expect(readFileSync(join(folder, 'parts/judge-dev.html'), 'utf8')).toContain('shows nothing of others');

  const test = await judged('Judge it.');
  expect(test.certificate).toMatchObject({ part: 'test', looks: 1 });
  expect(test.certificate.answer).toEqual({ after_thinking: true, inside_fence: false, repaired: false });
  expect(dev.judgements).toBeGreaterThan(0);
  // No seed brings what the judge was written with to where it is certified.
  for (const seed of ['2', '3', '4'])
    expect((await judged('Judge it.', '--dev', '--seed', seed)).judgements).toBe(dev.judgements);
  expect(dev.judgements + test.judgements).toBe(48);
  // The same judge again is no other look.
  for (let i = 1; i <= 9; i++) expect((await judged(`Judge it, ${i}.`)).certificate.looks).toBe(i + 1);
  const again = await judged('Judge it, 9.');
  expect(again.certificate.looks).toBe(10);
  expect(again.warnings).toContainEqual(expect.stringContaining('10 judges or seeds have been examined'));
  // With another seed it is.
  expect((await judged('Judge it, 9.', '--seed', '2')).certificate.looks).toBe(11);
  writeFileSync(join(folder, 'touchstone.yaml'), plain);
});
