// Runs every example, and every block of TypeScript in the packages' README files, as a reader would: in a process of its
// own, on what is built. Lines that end in `// → TEXT` say what is printed, in this order.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { startProvider } from '@touchstone/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PACKAGES, ROOT } from './packages.mjs';

/** A judge by rule: it finds that every criterion of the prompt is met. */
function contentJudge({ prompt }) {
  const [, id] = /reply id is (\w+)\s*$/.exec(prompt);
  const asked = [...prompt.matchAll(/"criterion":"(\w+)".*?"score":([^}]+)}/g)];
  const verdicts = asked.map(([, criterion, scale]) => {
    const score = scale.startsWith('true') ? true : Number(scale.at(-1));
    return { criterion, evidence: '', reason: 'by rule', score };
  });
  return JSON.stringify({ id, verdicts });
}

let judge;
beforeAll(async () => (judge = await startProvider({ respond: contentJudge })));
afterAll(() => judge.goDown());

/** What a program printed, beside what it says that it prints. */
async function run(file) {
  const child = spawn(process.execPath, ['--import', join(ROOT, 'scripts/typescript.mjs'), file], {
    cwd: ROOT,
    env: { ...process.env, JUDGE_URL: judge.url },
  });
  const got = { out: '', err: '' };
  child.stdout.on('data', (data) => (got.out += data));
  child.stderr.on('data', (data) => (got.err += data));
  const code = await new Promise((resolve) => child.on('close', resolve));
  const promised = [...readFileSync(file, 'utf8').matchAll(/\/\/ → (.*)$/gm)].map(([, text]) => text);
  return {
    came: { code, err: got.err, lines: got.out.trimEnd().split('\n') },
    promised: { code: 0, err: '', lines: promised },
  };
}

const examples = readdirSync(join(ROOT, 'examples')).filter((name) => name.endsWith('.ts'));
it.each(examples)(
  'examples/%s',
  async (name) => {
    const { came, promised } = await run(join(ROOT, 'examples', name));
    expect(came).toEqual(promised);
  },
  120_000,
);

// Inside of the repository, so that the packages are found.
const scratch = join(ROOT, '.cache', 'samples');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const blocks = PACKAGES.filter((one) => !one.private).flatMap(({ folder }) => {
  const text = readFileSync(join(ROOT, folder, 'README.md'), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code], i) => [
    `${folder}/README.md, block ${i + 1}`,
    join(scratch, `${basename(folder)}-${i + 1}.ts`),
    code,
  ]);
});
it.each(blocks)(
  '%s',
  async (_, file, code) => {
    mkdirSync(scratch, { recursive: true });
    writeFileSync(file, code);
    const { came, promised } = await run(file);
    expect(came).toEqual(promised);
  },
  60_000,
);
