import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { KEY_ARN_VARIABLE, loadKeys } from './keys.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A simulator of Secrets Manager and Parameter Store over real HTTP; it does not check the signature. */
async function serviceSimulator(values: Record<string, string>) {
  const calls: { headers: IncomingHttpHeaders; body: unknown }[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const body = JSON.parse(text) as { SecretId?: string; Name?: string };
      calls.push({ headers: request.headers, body });
      const value = values[body.SecretId ?? body.Name ?? ''];
      if (value === undefined) response.statusCode = 400;
      const reply =
        value === undefined
          ? { __type: 'AccessDeniedException', Message: 'no' }
          : body.Name === undefined
            ? { SecretString: value }
            : { Parameter: { Value: value } };
      response.end(JSON.stringify(reply));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, calls };
}

const secret = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:judge-abc';
const parameter = 'arn:aws:ssm:eu-west-1:123456789012:parameter/judge/key';

async function load(values: Record<string, string>, arn: string, variables: string[], more: object = {}) {
  const { url, calls } = await serviceSimulator(values);
  const env: Record<string, string | undefined> = {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret-access-key',
    AWS_SESSION_TOKEN: 'session',
    [KEY_ARN_VARIABLE]: arn,
    ...more,
  };
  await loadKeys(env, variables);
  return { env, calls };
}

it('reads a plain key from a secret or a parameter, with a signed request', async () => {
  for (const arn of [secret, parameter]) {
    const { env, calls } = await load({ [arn]: ' the-key\n' }, arn, ['OPENAI_API_KEY']);
    expect(env['OPENAI_API_KEY']).toBe('the-key');
    expect(calls[0]!.headers).toMatchObject({
      'x-amz-security-token': 'session',
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=id\/\d{8}\/eu-west-1\/(ssm|secretsmanager)\/aws4_request/,
      ) as string,
    });
  }
});

it('reads several keys from a JSON object, and leaves those alone that are set', async () => {
  const values = { [secret]: JSON.stringify({ A_KEY: 'a', B_KEY: 'b', OTHER: 'o', constructor: 'c' }) };
  const { env } = await load(values, secret, ['A_KEY', 'B_KEY'], { B_KEY: 'mine' });
  expect(env).toMatchObject({ A_KEY: 'a', B_KEY: 'mine' });
  expect(env).not.toHaveProperty('OTHER');
  const { calls } = await load(values, secret, ['A_KEY'], { A_KEY: 'set' });
  expect(calls).toEqual([]);
});

it('says what is missing, and never a value', async () => {
  await expect(load({ [secret]: '{"X":"hunter2"}' }, secret, ['A_KEY'])).rejects.toThrow(
    /^arn:[^ ]+: there is no key for A_KEY in it$/,
  );
  await expect(load({}, secret, ['A_KEY'])).rejects.toThrow('(400, AccessDeniedException)');
  await expect(load({}, 'arn:aws:s3:::bucket', ['A_KEY'])).rejects.toThrow('expected the ARN of a secret');
  await expect(load({}, secret, ['A_KEY'], { AWS_ENDPOINT_URL: 'http://127.0.0.1:1/' })).rejects.toThrow(
    'secretsmanager cannot be reached (ECONNREFUSED)',
  );
});
