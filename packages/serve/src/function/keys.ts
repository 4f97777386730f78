import { own, networkFetch } from '@touchstone/core';
import { InputError, RunError } from '@touchstone/spec';
import { AwsV4Signer } from 'aws4fetch';

type Env = Record<string, string | undefined>;

/** Names the secret or parameter that holds the judge's key; the template sets it. */
export const KEY_ARN_VARIABLE = 'TOUCHSTONE_JUDGE_KEY_ARN';

/** How each service is asked for a value, and where its answer has it. */
const SERVICES = {
  secretsmanager: {
    target: 'secretsmanager.GetSecretValue',
    body: (arn: string) => ({ SecretId: arn }),
    valueOf: (reply: unknown) => own(reply, 'SecretString'),
  },
  ssm: {
    target: 'AmazonSSM.GetParameter',
    body: (arn: string) => ({ Name: arn, WithDecryption: true }),
    valueOf: (reply: unknown) => own(own(reply, 'Parameter'), 'Value'),
  },
};

/**
 * Puts the judge's key into `env`, from the secret of AWS Secrets Manager or the parameter of SSM Parameter Store that
 * `TOUCHSTONE_JUDGE_KEY_ARN` names; does nothing where it names none. The value is the key, or a JSON object
 * `{"VARIABLE": "key"}` where judges need several. A variable that is set already is left alone.
 *
 * @param variables the environment variables that the judges read their keys from.
 * @throws {InputError} when the name is no such ARN.
 * @throws {RunError} when the value cannot be had, or holds no key. No message repeats any of it.
 */
export async function loadKeys(env: Env, variables: readonly string[]): Promise<void> {
  const arn = env[KEY_ARN_VARIABLE]?.trim();
  const missing = variables.filter((variable) => !env[variable]);
  if (!arn || missing.length === 0) return;
  const value = await readValue(arn, env);
  const keys = parseKeys(value, missing);
  for (const variable of missing) {
    const key = keys[variable];
    if (key === undefined) throw new RunError(`${arn}: there is no key for ${variable} in it`);
    env[variable] = key;
  }
}

async function readValue(arn: string, env: Env): Promise<string> {
  const [, partition, service, region] = arn.split(':');
  if (!isService(service) || !region || !/^[a-z0-9-]+$/.test(region)) {
    throw new InputError([
      { message: `${KEY_ARN_VARIABLE}: expected the ARN of a secret or an SSM parameter, got "${arn}"` },
    ]);
  }
  const domain = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  const { target, body, valueOf } = SERVICES[service];
  const signed = await new AwsV4Signer({
    // The variable that AWS's own libraries read, for endpoints in a private network.
    url: env['AWS_ENDPOINT_URL'] ?? `https://${service}.${region}.${domain}/`,
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
    body: JSON.stringify(body(arn)),
    accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
    ...(env['AWS_SESSION_TOKEN'] ? { sessionToken: env['AWS_SESSION_TOKEN'] } : {}),
    service,
    region,
  }).sign();
  const response = await networkFetch(signed.url, {
    method: 'POST',
    headers: signed.headers,
    body: JSON.stringify(body(arn)),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer';
    throw new RunError(`cannot read the judge's key from ${arn}: ${service} cannot be reached (${code})`, {
      cause,
    });
  });
  const reply = parseJson(await response.text());
  if (!response.ok) {
    const type = own(reply, '__type');
    const named = typeof type === 'string' && /^[\w.#]{1,100}$/.test(type) ? `, ${type}` : '';
    throw new RunError(
      `cannot read the judge's key from ${arn} (${response.status}${named}); may the function's role read it?`,
    );
  }
  const value = valueOf(reply);
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw new RunError(`cannot read the judge's key from ${arn}: it holds no text`);
}

const TIMEOUT_MS = 10_000;

function isService(name: string | undefined): name is keyof typeof SERVICES {
  return name !== undefined && Object.hasOwn(SERVICES, name);
}

function parseKeys(value: string, variables: readonly string[]): Record<string, string | undefined> {
  const parsed = parseJson(value);
  if (typeof parsed !== 'object' || parsed === null) {
    return Object.fromEntries(variables.map((variable) => [variable, value.trim()]));
  }
  return Object.fromEntries(
    variables.map((variable) => {
      const key = own(parsed, variable);
      return [variable, typeof key === 'string' && key.trim() !== '' ? key.trim() : undefined];
    }),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not JSON: a plain key, or an error page that the status speaks for.
  }
}
