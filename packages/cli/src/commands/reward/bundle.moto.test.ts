import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { cli, config, event, folder, keys, simulator, startJudge } from './bundle.testing.js';

beforeAll(startJudge);

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
