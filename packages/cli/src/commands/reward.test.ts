import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openReward } from '@touchstone/core';
import { certificateText, issueCertificate, type Certificate } from '@touchstone/lab';
import { loadScoringConfig, rewardResources } from '@touchstone/run';
import type { NovaResult, RewardRecord } from '@touchstone/serve';
import { goodIsUseful, startProvider, type ProviderServer } from '@touchstone/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../program.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-reward-'));
let simulator: ProviderServer;
const calls = (): number => simulator.provider.ledger.counts.calls;

const WHOLE: Certificate['answer'] = { after_thinking: false, inside_fence: false, repaired: false };
/** A finding that the default gate asks for and this one does not. */
const OFF: Certificate['findings'][number] = {
  name: 'spread',
  family: 'order',
  description: 'd',
  estimate: null,
  threshold: null,
  eased_from: { bound: 'min', value: 0.3 },
  outcome: 'reported',
  note: null,
};

beforeAll(async () => {
  simulator = await startProvider({ respond: goodIsUseful });
  const task = `${JSON.stringify({ id: 't', messages: [{ role: 'user', content: 'q' }] })}\n`;
  writeFileSync(join(folder, 'train.jsonl'), task);
  writeFileSync(join(folder, 'eval.jsonl'), task);
  mkdirSync(join(folder, 'policy'));
  writeFileSync(join(folder, 'policy/config.json'), '{}');
  writeFileSync(
    join(folder, 'touchstone.yaml'),
    `policy: { model: local:policy }
data: { train: train.jsonl, eval: eval.jsonl }
judge:
  model: openai-compatible:simulator
  base_url: ${simulator.url}
  structured_output: prompt
  price: { input: 100, output: 1000 }
  objective: Judge it.
  criteria: [{ name: Useful, question: Is it useful? }]
reward:
  judge_weight: 0.75
  checks:
    - { type: length, max: 20, gate: true }
    - { type: grounding, quotes: q, document: metadata.document, min_words: 0, weight: 0.25 }
`,
  );
});
afterAll(async () => {
  await simulator.goDown();
  rmSync(folder, { recursive: true });
});

function start(args: string[], env: Record<string, string> = {}) {
  const got = { out: '', err: '' };
  const sink = (key: 'out' | 'err') => ({ write: (text: string) => void (got[key] += text) });
  return { got, ended: runCli(['reward', ...args], { out: sink('out'), err: sink('err'), env }) };
}
async function cli(...args: string[]) {
  const { got, ended } = start(args);
  return { code: await ended, ...got };
}
function write(name: string, ...lines: unknown[]): string {
  const file = join(folder, name);
  writeFileSync(
    file,
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
  return file;
}

const messages = [{ role: 'user', content: 'q' }];
const sample = (id: string, response: string, more: object = { document: 'good' }) => ({
  id,
  messages,
  response,
  ...more,
});

describe('reward score', () => {
  it('prints each reward with its parts and reasons; several answers may share a task', async () => {
    const file = write(
      'answers.jsonl',
      sample('t', '{"q":"good"}'),
      sample('t', '{"q":"bad"}'),
      '',
      sample('u', 'garbled \u001b[2J'),
      sample('v', 'x'.repeat(21)),
      sample('w', ''),
    );
    const { code, out, err } = await cli('score', folder, file);
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      '',
      '#  id  reward  length  grounding  judge  Useful  note',
      expect.stringMatching(/^-[- ]+$/),
      '1  t    1.000   1.000      1.000  1.000   1.000',
      '2  t    0.000   1.000      0.000  0.000   0.000',
      expect.stringMatching(
        /^3 {2}u {8}- {3}1\.000 {6}0\.000 {6}- {7}- {2}abstained: unparseable: no complete JSON/,
      ),
      expect.stringMatching(/^4 {2}v {4}0\.000 .* not judged: failed length: /),
      expect.stringMatching(/^5 {2}w {4}0\.000 .* nothing to judge/),
      '',
      expect.stringMatching(/^#  item  criterion  value  reason   evidence/),
      expect.stringMatching(/^-[- ]+$/),
      '1   all  Useful         1  by rule  {"q":"good"}',
      '2   all  Useful         0  by rule  {"q":"bad"}',
      '',
      '4 scored, 1 abstained, 0 failed; 4 judge calls, 400 tokens in, 40 out, $0.0800',
      '',
    ]);
    expect(err).toContain('Scoring: done in');

    const json = await cli('score', folder, file, '--json');
    const { rewards } = JSON.parse(json.out) as { rewards: RewardRecord[] };
    expect(rewards.map(({ id, status, score }) => [id, status, score])).toEqual([
      ['t', 'scored', 1],
      ['t', 'scored', 0],
      ['u', 'abstained', null],
      ['v', 'scored', 0],
      ['w', 'scored', 0],
    ]);
    expect(json.err).toBe('');
  });

  it('names every line that is wrong before a call is made, and those that cannot be scored after', async () => {
    const before = calls();
    const wrong = write('wrong.jsonl', sample('t', 'good'), '{', { id: 'x', messages });
    expect(await cli('score', folder, wrong)).toEqual({
      code: 2,
      out: '',
      err: expect.stringMatching(
        /^error: 2 problems\n[^\n]*wrong\.jsonl:2: not JSON[^\n]*\n[^\n]*:3: response: /,
      ),
    });
    expect(calls()).toBe(before);

    const lacking = write('lacking.jsonl', sample('t', 'good'), sample('u', 'good', {}));
    const { code, out, err } = await cli('score', folder, lacking);
    expect(code).toBe(2);
    expect(out).toContain('1 scored, 0 abstained, 1 failed');
    expect(err).toMatch(/lacking\.jsonl:2: not scored: task u: metadata\.document is missing/);

    expect(await cli('score', folder, join(folder, 'none'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no such file'),
    });
    expect(await cli('score', folder, write('empty.jsonl'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('the file is empty'),
    });
  });
});

const event = [
  { id: 'a', messages: [...messages, { role: 'assistant', content: '{"q":"good"}' }], document: 'good' },
  {
    id: 'b',
    messages: [...messages, { role: 'assistant', content: 'garbled' }],
    metadata: { document: 'good' },
  },
  { messages },
];

it('reward invoke prints what the Lambda handler answers', async () => {
  const { code, out, err } = await cli('invoke', folder, write('event.json', event));
  expect(code).toBe(0);
  const results = JSON.parse(out) as NovaResult[];
  expect(results.map(({ aggregate_reward_score: score }) => score)).toEqual([1, 0.5, 0]);
  expect(results[0]!.id).toBe('a');
  const log = err.trim().split('\n');
  expect(JSON.parse(log[1]!)).toMatchObject({ id: 'b', status: 'abstained', reason: 'unparseable' });
  for (const content of ['{', '"text"', 'null']) {
    expect(await cli('invoke', folder, write('bad.json', content))).toMatchObject({
      code: 2,
      err: expect.stringMatching(/bad\.json: .*expected a list of samples/),
    });
  }
});

describe('reward serve', () => {
  it('serves until a signal, and asks for the key that is set', async () => {
    const { got, ended } = start(['serve', folder, '--port', '0', '--json'], { TOUCHSTONE_REWARD_KEY: 'k' });
    while (got.out === '') await new Promise((resolve) => setTimeout(resolve, 10));
    const { url } = JSON.parse(got.out) as { url: string };
    const ask = (key: string, path = '', body: object = event.slice(0, 1)) =>
      fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify(body),
      });
    expect((await ask('wrong')).status).toBe(401);
    expect(await (await ask('k')).json()).toMatchObject([{ id: 'a', aggregate_reward_score: 1 }]);
    const misnamed = { messages: [{ role: 'user', content: 'q' }], answer: 'x', response: 'good' };
    const reply = await ask('k', '/v1/rewards', { rollouts: [misnamed] });
    expect(await reply.json()).toMatchObject({
      rewards: [{ status: 'failed', detail: expect.stringContaining('"answer": expected') }],
    });
    process.emit('SIGTERM');
    expect(await ended).toBe(0);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  it('says whether its judge has a certificate, and does not start without one that is required', async () => {
    const loaded = await loadScoringConfig(folder);
    const { judge } = await openReward(loaded.config, await rewardResources(loaded.config, loaded.baseDir));
    const output = resolve(loaded.baseDir, loaded.config.output);
    const signer = generateKeyPairSync('ed25519');
    const issue = (gate: 'passed' | 'failed', more: Partial<Certificate> = {}): Certificate => {
      const certificate = issueCertificate(
        {
          version: 1,
          judge: { id: judge!.id, fingerprint: judge!.fingerprint },
          heldout: null,
          answer: WHOLE,
          gate,
          findings: [],
          data: {},
          part: 'test',
          looks: 1,
          seed: 1,
          created: '2026-01-01T00:00:00.000Z',
          versions: {},
          ...more,
        },
        signer.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
      );
      mkdirSync(output, { recursive: true });
      writeFileSync(join(output, 'certificate.json'), certificateText(certificate));
      return certificate;
    };
    const health = async (env: Record<string, string> = {}) => {
      const { got, ended } = start(['serve', folder, '--port', '0', '--json'], env);
      while (got.out === '') await new Promise((done) => setTimeout(done, 10));
      const { url } = JSON.parse(got.out) as { url: string };
      const { status: _, ...said } = (await (await fetch(`${url}/health`)).json()) as Record<string, unknown>;
      process.emit('SIGTERM');
      expect(await ended).toBe(0);
      return { ...said, err: got.err };
    };
    expect(await health()).toEqual({
      certificate: null,
      certificate_eased: null,
      err: expect.stringContaining('touchstone judge'),
    });
    const { hash } = issue('passed');
    const publicKey = (key: KeyObject): string => key.export({ format: 'pem', type: 'spki' }) as string;
    for (const env of [{}, { TOUCHSTONE_CERTIFICATE_KEY: publicKey(signer.publicKey) }]) {
      expect(await health(env)).toEqual({ certificate: hash, certificate_eased: null, err: '' });
    }
    const eased = issue('passed', { findings: [OFF] });
    expect(await health()).toEqual({
      certificate: eased.hash,
      certificate_eased: expect.stringContaining('spread (off, by default at least 0.3)'),
      err: expect.stringContaining('spread (off, by default at least 0.3)'),
    });
    const bundled = await cli('bundle', folder, '--out', join(folder, 'bundle'), '--require-certificate');
    expect(bundled.out).toMatch(/goes with it: [0-9a-f]{64}\nThe configuration asks less .*: spread \(off/);
    const required = ['serve', folder, '--port', '0', '--require-certificate'];
    const another = { TOUCHSTONE_CERTIFICATE_KEY: publicKey(generateKeyPairSync('ed25519').publicKey) };
    const refused = async (env: Record<string, string>, why: RegExp): Promise<void> => {
      const { got, ended } = start(required, env);
      expect({ code: await ended, err: got.err }).toEqual({ code: 3, err: expect.stringMatching(why) });
    };
    await refused(another, /signed by another key/);
    issue('failed');
    await refused({}, /the gate is "failed"/);
    issue('passed', { judge: { id: judge!.id, fingerprint: '0'.repeat(16) } });
    await refused({}, /it has changed since/);
    issue('passed', { answer: { ...WHOLE, after_thinking: true } });
    await refused({}, /read with after_thinking: true, and is shown answers read with after_thinking: false/);
    writeFileSync(join(output, 'certificate.json'), certificateText({ ...issue('failed'), gate: 'passed' }));
    await refused({}, /changed after it was issued/);
    rmSync(join(output, 'certificate.json'));
  });

  it('refuses to be open to other machines without a key, and a port that is none', async () => {
    expect(await cli('serve', folder, '--host', '0.0.0.0', '--port', '0')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^error: host 0\.0\.0\.0 can be reached from other machines: set a key/),
    });
    expect(await cli('serve', folder, '--port', '70000')).toMatchObject({
      code: 2,
      err: expect.stringContaining('expected a whole number from 0 to 65535'),
    });
  });
});
