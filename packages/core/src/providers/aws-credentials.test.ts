import { InputError } from '@touchstone/spec';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openModel } from './open-model.js';
import { modelSchema } from './schema.js';
import { canned, listen, request } from './server.testing.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-aws-'));
afterAll(() => rmSync(folder, { recursive: true }));
const SECRET = 'hunter2hunter2hunter2';

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  profiles();
  // Nothing outside of this machine is asked.
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});
afterEach(() => vi.unstubAllEnvs());

/** What `aws configure` leaves behind. New files each time: AWS's packages read one only once. */
function profiles(credentials = '', config = ''): void {
  const [credentialsFile, configFile] = ['credentials', 'config'].map((name) =>
    join(folder, `${name}-${++files}`),
  );
  writeFileSync(credentialsFile!, credentials);
  writeFileSync(configFile!, config);
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', credentialsFile);
  vi.stubEnv('AWS_CONFIG_FILE', configFile);
}
let files = 0;

const REPLY = {
  output: { message: { role: 'assistant', content: [{ text: 'ok' }] } },
  stopReason: 'end_turn',
  usage: { inputTokens: 4, outputTokens: 2, totalTokens: 6 },
  metrics: { latencyMs: 10 },
};

const open = (base_url?: string) =>
  openModel(
    modelSchema.parse({
      model: 'bedrock:amazon.nova-pro-v1:0',
      structured_output: 'prompt',
      ...(base_url ? { base_url } : {}),
    }),
  );

/** What a call was signed with. */
async function signatureOf() {
  const { url, calls } = await canned(200, REPLY);
  const model = await open(url);
  expect(await model.generate(request)).toMatchObject({ text: 'ok' });
  const { authorization, 'x-amz-security-token': token } = calls[0]!.headers;
  return { authorization, token };
}

describe('AWS credentials', () => {
  it('are those of a profile, with its region', async () => {
    profiles(
      `[judge]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = ${SECRET}\n`,
      '[profile judge]\nregion = eu-central-1\n',
    );
    vi.stubEnv('AWS_PROFILE', 'judge');
    expect((await signatureOf()).authorization).toMatch(
      /Credential=AKIDPROFILE\/\d{8}\/eu-central-1\/bedrock\//,
    );
  });

  it('are those that a process prints, and AWS_DEFAULT_REGION says where', async () => {
    const script = join(folder, 'credentials.mjs');
    const printed = {
      Version: 1,
      AccessKeyId: 'AKIDPROCESS',
      SecretAccessKey: SECRET,
      SessionToken: 'token-p',
    };
    writeFileSync(script, `console.log(${JSON.stringify(JSON.stringify(printed))})`);
    profiles('', `[default]\ncredential_process = "${process.execPath}" "${script}"\n`);
    vi.stubEnv('AWS_DEFAULT_REGION', 'us-west-2');
    expect(await signatureOf()).toMatchObject({
      authorization: expect.stringMatching(/Credential=AKIDPROCESS\/\d{8}\/us-west-2\//) as string,
      token: 'token-p',
    });
  });

  it("are those of a container's role, renewed when they come to their end", async () => {
    let given = 0;
    const seen: (string | undefined)[] = [];
    const url = await listen((asked, response) => {
      seen.push(asked.headers.authorization);
      given += 1;
      // AWS's chain renews what has less than five minutes left.
      const Expiration = new Date(Date.now() + (given === 1 ? 1000 : 3600_000)).toISOString();
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          AccessKeyId: `AKIDROLE${given}`,
          SecretAccessKey: SECRET,
          Token: `token-${given}`,
          Expiration,
        }),
      );
    });
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${url}/creds`);
    vi.stubEnv('AWS_CONTAINER_AUTHORIZATION_TOKEN', 'pod-token');
    vi.stubEnv('AWS_REGION', 'us-east-1');
    const { url: bedrock, calls } = await canned(200, REPLY);
    const model = await open(bedrock);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await model.generate(request);
    await model.generate(request);
    expect(seen[0]).toBe('pod-token');
    expect(calls.map(({ headers }) => headers['x-amz-security-token'])).toEqual(['token-2', 'token-2']);
    expect(given).toBe(2);
  });

  it("are the environment's before any of the chain, each call's of its moment", async () => {
    profiles(`[default]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = ${SECRET}\n`);
    const env: Record<string, string> = {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'AKIDENV',
      AWS_SECRET_ACCESS_KEY: SECRET,
    };
    const { url, calls } = await canned(200, REPLY);
    const config = modelSchema.parse({ model: 'bedrock:m', base_url: url, structured_output: 'prompt' });
    const model = await openModel(config, { env });
    await model.generate(request);
    env['AWS_ACCESS_KEY_ID'] = 'AKIDLATER';
    await model.generate(request);
    expect(calls.map(({ headers }) => /AKID\w+/.exec(headers.authorization ?? '')?.[0])).toEqual([
      'AKIDENV',
      'AKIDLATER',
    ]);
    delete env['AWS_ACCESS_KEY_ID'];
    await expect(model.generate(request)).rejects.toMatchObject({ reason: 'transport', mayHaveCost: false });
  });

  it('that are missing are told with every way that was tried, and the region likewise', async () => {
    await expect(open()).rejects.toThrow(
      /no AWS region: set the environment variable AWS_REGION.*profile default/,
    );
    vi.stubEnv('AWS_REGION', 'us-east-1');
    await expect(open()).rejects.toThrow(InputError);
    await expect(open()).rejects.toThrow(
      /AWS_BEARER_TOKEN_BEDROCK, AWS_ACCESS_KEY_ID.*profile default.*SSO.*credential_process.*web identity.*container or an instance/,
    );
  });

  it('are in no message: neither of a process that failed nor of a server that says them back', async () => {
    const script = join(folder, 'failing.mjs');
    writeFileSync(script, `console.error('${SECRET}'); process.exit(1)`);
    profiles(
      '',
      `[default]\nregion = us-east-1\ncredential_process = "${process.execPath}" "${script}" ${SECRET}\n`,
    );
    const failing = await open().catch((error: unknown) => error);
    expect(failing).toBeInstanceOf(InputError);
    expect(JSON.stringify([(failing as Error).message, (failing as Error).cause])).not.toContain('hunter2');

    profiles(
      `[default]\naws_access_key_id = AKID\naws_secret_access_key = ${SECRET}\naws_session_token = token-hunter2\n`,
      '[default]\nregion = us-east-1\n',
    );
    const { url } = await canned(400, { message: `no ${SECRET} token-hunter2` });
    const said = await (await open(url)).generate(request).catch((error: unknown) => error);
    expect((said as Error).message).toContain('no [key] [key]');
  });
});
