import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NovaResult } from '@touchstone/serve';
import { candidateOf, goodIsUseful, startProvider, type ProviderServer } from '@touchstone/testing';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../program.js';
import { zipOf } from '@touchstone/launch';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-bundle-'));
let judge: ProviderServer;
/** The keys that calls carried. */
const keys = new Set<string | undefined>();

beforeAll(async () => {
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
  for (const name of ['policy', 'schemas']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'policy/config.json'), '{}');
  writeFileSync(
    join(folder, 'schemas/answer.json'),
    JSON.stringify({ type: 'object', required: ['q'], properties: { q: { type: 'string' } } }),
  );
});
afterAll(async () => {
  await judge.goDown();
  rmSync(folder, { recursive: true });
});

function config(judge: string, checks = ''): string {
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
const CHECKS = `{ type: json-schema, schema: ./schemas/answer.json, gate: true },
    { type: language, weight: 0.05 },
    { type: grounding, quotes: q, document: metadata.document, min_words: 0, weight: 0.2 }`;
const simulator = () =>
  `model: openai-compatible:simulator\n  base_url: ${judge.url}\n  structured_output: prompt\n  api_key_env: MY_JUDGE_KEY`;

async function cli(args: string[], env: Record<string, string> = {}) {
  const got = { out: '', err: '' };
  const sink = (key: 'out' | 'err') => ({ write: (text: string) => void (got[key] += text) });
  const code = await runCli(['reward', ...args], { out: sink('out'), err: sink('err'), env });
  return { code, ...got };
}

const turn = (content: unknown, role = 'assistant') => [
  { role: 'user', content: 'q' },
  { role, content },
];
const event = [
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

describe('a bundle', () => {
  it('answers an event as the handler in this process does, in a process of its own, with nothing but its zip', async () => {
    const file = config(simulator(), CHECKS);
    const out = join(folder, 'out');
    const made = await cli(['bundle', file, '--out', out, '--json']);
    expect(made).toMatchObject({ code: 0, err: '' });
    const { zip_bytes, packages } = JSON.parse(made.out) as {
      zip_bytes: number;
      packages: { name: string }[];
    };
    expect(zip_bytes).toBeLessThanOrEqual(400_000);
    expect(packages.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['ajv', 'tinyld', 'core', 'serve']),
    );

    const eventFile = join(folder, 'event.json');
    writeFileSync(eventFile, JSON.stringify(event));
    const env = { MY_JUDGE_KEY: 'the-key' };
    const here = await cli(['invoke', file, eventFile, '--json'], env);
    keys.clear();
    const bundled = await cli(['invoke', join(out, 'function.zip'), eventFile, '--json'], env);
    expect([here.code, bundled.code]).toEqual([0, 0]);
    expect(JSON.parse(bundled.out)).toEqual(JSON.parse(here.out));
    expect([...keys]).toEqual(['Bearer the-key']);
    const results = JSON.parse(bundled.out) as NovaResult[];
    expect(results.map(({ id, aggregate_reward_score: score }) => [id, score])).toEqual([
      ['a', 1],
      ['b', expect.closeTo(-1 + 2 * 0.25, 12)],
      ['c', 0],
      ['d', -1],
      [expect.stringMatching(/^task-/), -1],
      ['f', 0],
      [expect.stringMatching(/^task-/), 1],
    ]);
    // The function's log: a line per sample, and what the run took.
    const lines = bundled.err
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; id?: string });
    expect(lines.map(({ kind }) => kind)).toEqual([...event.map(() => 'sample'), 'report']);
    expect(lines[2]).toMatchObject({ id: 'c', status: 'abstained', reason: 'unparseable' });
  });

  it('has the same bytes whenever it is made, and no key in them', async () => {
    const file = config(simulator(), CHECKS);
    const folders = [join(folder, 'one'), join(folder, 'two')];
    for (const out of folders) {
      expect((await cli(['bundle', file, '--out', out], { MY_JUDGE_KEY: 'hunter2hunter2' })).code).toBe(0);
    }
    const [one, two] = folders.map((out) =>
      ['function.zip', 'template.yaml', 'README.txt'].map((name) => readFileSync(join(out, name))),
    );
    expect(one).toEqual(two);
    const files = unzipSync(one![0]!);
    expect(Object.keys(files)).toEqual(['index.mjs', 'schemas/answer.json']);
    expect(Buffer.from(files['index.mjs']!).includes('hunter2')).toBe(false);
  });

  it.each([
    // Bedrock's package takes its knowledge of Claude from the other.
    ['bedrock:us.anthropic.claude-sonnet-4-5-20250929-v1:0', ['@ai-sdk/amazon-bedrock', '@ai-sdk/anthropic']],
    ['anthropic:claude-sonnet-4-5', ['@ai-sdk/anthropic']],
  ])('of a judge at %s holds what that provider needs', async (model, providers) => {
    const made = await cli(['bundle', config(`model: ${model}`), '--out', join(folder, 'p'), '--json']);
    const { zip_bytes, packages } = JSON.parse(made.out) as {
      zip_bytes: number;
      packages: { name: string }[];
    };
    expect(zip_bytes).toBeLessThanOrEqual(400_000);
    const names = packages.map(({ name }) => name);
    expect(
      names.filter((name) => /^@ai-sdk\/(openai|anthropic|amazon)|ajv|tinyld/.test(name)).sort(),
    ).toEqual(providers);
  });

  it('signs calls to Bedrock with the credentials of the moment', async () => {
    // No simulator of Converse: an answer that is none tells what came, which is all that is asked here.
    const seen: string[] = [];
    const server = createServer((request, response) => {
      seen.push(
        `${request.url} ${request.headers.authorization} ${String(request.headers['x-amz-security-token'])}`,
      );
      response.statusCode = 403;
      response.end('{"message":"no"}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const file = config(`model: bedrock:amazon.nova-pro-v1:0\n  base_url: http://127.0.0.1:${port}`);
    await cli(['bundle', file, '--out', join(folder, 'bedrock')]);
    const eventFile = join(folder, 'bedrock.json');
    writeFileSync(eventFile, JSON.stringify(event.slice(0, 1)));
    const env = {
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'AKIDTEST',
      AWS_SECRET_ACCESS_KEY: 's',
      AWS_SESSION_TOKEN: 'token-1',
    };
    const { out, err } = await cli(
      ['invoke', join(folder, 'bedrock/function.zip'), eventFile, '--json'],
      env,
    );
    server.close();
    expect(JSON.parse(out)).toMatchObject([{ id: 'a', aggregate_reward_score: 0 }]);
    expect(err).toContain('the API refused the key (403)');
    expect(seen).toEqual([
      expect.stringMatching(
        /^\/model\/amazon\.nova-pro-v1%3A0\/converse AWS4-HMAC-SHA256 Credential=AKIDTEST\/\d{8}\/eu-west-1\/bedrock\/.* token-1$/,
      ),
    ]);
  });
});

describe('reward invoke', () => {
  it('ends the function when its time is over, but the function answers before with what it has', async () => {
    const file = config(simulator());
    const eventFile = join(folder, 'slow.json');
    writeFileSync(eventFile, JSON.stringify([event[0], { id: 'h', messages: turn('hang') }]));
    await cli(['bundle', file, '--out', join(folder, 'slow')]);
    for (const what of [file, join(folder, 'slow/function.zip')]) {
      const env = { MY_JUDGE_KEY: 'k' };
      const answered = await cli(['invoke', what, eventFile, '--timeout', '4', '--json'], env);
      expect(JSON.parse(answered.out)).toMatchObject([
        { aggregate_reward_score: 1 },
        { aggregate_reward_score: 0 },
      ]);
      expect(answered.err).toContain('"reason":"timeout"');
    }
    const stuck = 'setInterval(() => {}, 1000); export const handler = () => new Promise(() => {});';
    writeFileSync(join(folder, 'stuck.zip'), zipOf({ 'index.mjs': Buffer.from(stuck) }));
    const ended = await cli(['invoke', join(folder, 'stuck.zip'), eventFile, '--timeout', '0.5']);
    expect(ended).toMatchObject({ code: 1, out: '', err: expect.stringContaining('after 0.5 s') as string });
    expect(await cli(['invoke', file, eventFile, '--timeout', '901'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('at most 900') as string,
    });
  });

  it('refuses what Lambda would refuse for its size, and what is no bundle', async () => {
    const file = config(simulator());
    const eventFile = join(folder, 'large.json');
    const large = { id: 'l', messages: turn('x'.repeat(1_000_000)) };
    writeFileSync(eventFile, JSON.stringify(Array.from({ length: 7 }, () => large)));
    expect(await cli(['invoke', file, eventFile], { MY_JUDGE_KEY: 'k' })).toMatchObject({
      code: 2,
      err: expect.stringMatching(/takes at most 6291456: send at most 6 samples/) as string,
    });
    writeFileSync(join(folder, 'no.zip'), 'no');
    writeFileSync(eventFile, '[]');
    expect(await cli(['invoke', join(folder, 'no.zip'), eventFile])).toMatchObject({
      code: 2,
      err: expect.stringContaining('not a zip file') as string,
    });
  });

  it('fails as the function would where its key is missing, and refuses to bundle a local judge', async () => {
    const eventFile = join(folder, 'key.json');
    writeFileSync(eventFile, '[]');
    const file = config(simulator());
    await cli(['bundle', file, '--out', join(folder, 'key')]);
    expect(await cli(['invoke', join(folder, 'key/function.zip'), eventFile])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/the function failed: .*MY_JUDGE_KEY, which is not set/) as string,
    });
    expect(await cli(['bundle', config('model: local:policy'), '--out', join(folder, 'no')])).toMatchObject({
      code: 2,
      err: expect.stringContaining('local:policy cannot run in AWS Lambda') as string,
    });
  });
});

const motoServer = fileURLToPath(new URL('../../../../../.cache/python/bin/moto_server', import.meta.url));
const missing = !existsSync(motoServer);
const why = missing ? ' (skipped: moto is not here; node scripts/python-tools.mjs)' : '';

it.skipIf(missing)(
  `a bundle takes its key from where the template says it is, in moto${why}`,
  async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => free.once('listening', resolve));
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const moto = spawn(motoServer, ['--host', '127.0.0.1', '--port', String(port)], { stdio: 'ignore' });
    const url = `http://127.0.0.1:${port}/`;
    const ask = async (service: string, target: string, body: object): Promise<Record<string, string>> => {
      const reply = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': target,
          authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${service}/aws4_request`,
        },
        body: JSON.stringify(body),
      });
      return (await reply.json()) as Record<string, string>;
    };
    try {
      while (!(await fetch(url).catch(() => undefined)))
        await new Promise((resolve) => setTimeout(resolve, 100));
      const secret = { Name: 'judge', SecretString: JSON.stringify({ MY_JUDGE_KEY: 'from-the-secret' }) };
      const { ARN } = await ask('secretsmanager', 'secretsmanager.CreateSecret', secret);
      const parameter = { Name: '/judge/key', Type: 'SecureString', Value: 'from-the-parameter' };
      await ask('ssm', 'AmazonSSM.PutParameter', parameter);

      const eventFile = join(folder, 'moto.json');
      writeFileSync(eventFile, JSON.stringify(event.slice(0, 1)));
      await cli(['bundle', config(simulator()), '--out', join(folder, 'moto')]);
      for (const [arn, key] of [
        [ARN!, 'from-the-secret'],
        ['arn:aws:ssm:us-east-1:123456789012:parameter/judge/key', 'from-the-parameter'],
      ] as const) {
        keys.clear();
        const env = {
          AWS_ENDPOINT_URL: url,
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test',
          TOUCHSTONE_JUDGE_KEY_ARN: arn,
        };
        const { err, code } = await cli(
          ['invoke', join(folder, 'moto/function.zip'), eventFile, '--json'],
          env,
        );
        expect([code, [...keys]], err).toEqual([0, [`Bearer ${key}`]]);
      }
    } finally {
      moto.kill();
    }
  },
  120_000,
);
