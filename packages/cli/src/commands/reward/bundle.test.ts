import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { zipOf } from '@touchstone/launch';
import type { NovaResult } from '@touchstone/serve';
import { unzipSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { CHECKS, cli, config, event, folder, keys, simulator, startJudge, turn } from './bundle.testing.js';

beforeAll(startJudge);

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
