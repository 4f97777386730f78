import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { runCli } from '../../program.js';

const EXAMPLE = fileURLToPath(new URL('../../../../../examples/aws-contract-review', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'touchstone-plan-aws-'));
const SIGNER = { AWS_ACCESS_KEY_ID: 'nobody', AWS_SECRET_ACCESS_KEY: 'nothing', AWS_REGION: 'us-east-1' };
const before = Object.keys(SIGNER).map((name) => [name, process.env[name]] as const);
afterAll(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  rmSync(folder, { recursive: true, force: true });
});

/** Without what is another in each run: its id and what is made of it, and where the example lies. */
const same = (text: string): string =>
  text
    .replaceAll(/ts-[0-9a-f]{32}-[0-9a-f]{10}-a1/g, 'NAME')
    .replaceAll(/inputs\/[0-9a-f]{24}\/recipe/g, 'inputs/HASH/recipe')
    .replaceAll(/"Value": "[0-9a-f]{32}"/g, '"Value": "HASH"')
    .replaceAll(/certificate at \S+certificate\.json/g, 'certificate at PATH');

it("the article's case is planned as the example shows it", async () => {
  Object.assign(process.env, SIGNER);
  let out = '';
  const sink = { write: (text: string) => void (out += text) };
  const args = ['run', EXAMPLE, '--plan', '--out', folder];
  expect(await runCli(args, { out: sink, err: sink, env: {} })).toBe(0);
  expect(out).toContain('All of this as a page to agree to');
  const planned = join(folder, 'sagemaker-nova');
  expect(readdirSync(planned).sort()).toEqual(readdirSync(join(EXAMPLE, 'planned')).sort());
  for (const file of readdirSync(planned)) {
    const [now, shown] = [planned, join(EXAMPLE, 'planned')].map((at) =>
      same(readFileSync(join(at, file), 'utf8')),
    );
    expect(now, file).toBe(shown);
  }
});

it('says where a judge is that only this machine can ask', async () => {
  Object.assign(process.env, SIGNER);
  const here = join(folder, 'here');
  cpSync(EXAMPLE, here, { recursive: true });
  const file = join(here, 'touchstone.yaml');
  const other = 'model: openai-compatible:mine\n  base_url: http://127.0.0.1:8000/v1';
  writeFileSync(file, readFileSync(file, 'utf8').replace('model: bedrock:openai.gpt-oss-120b-1:0', other));
  let out = '';
  const sink = { write: (text: string) => void (out += text) };
  expect(
    await runCli(['run', here, '--plan', '--out', join(folder, 'there')], { out: sink, err: sink, env: {} }),
  ).toBe(0);
  expect(out).toMatch(/judge.model: openai-compatible:mine is asked at .*, which is this machine/);
});
