import { ProviderError } from '@touchstone/spec';
import type { AwsCredentials } from './aws-chain.js';
import { wrong, type Env } from './keys.js';
import type { NamedModel } from './settings.js';

/** Credentials that may change while they are used. */
export interface WatchedCredentials {
  latest(): AwsCredentials;
  /** @throws {ProviderError} when they cannot be renewed. */
  renew(): Promise<void>;
  /** Where they come from, for people. */
  source: string;
}

/**
 * The environment's credentials, or those of AWS's own chain where it has none. Read once here, so that what is missing is
 * said before work begins.
 *
 * @throws {InputError} when there are none; it says where they were looked for, and repeats none.
 */
export async function watchCredentials(env: Env, config: NamedModel): Promise<WatchedCredentials> {
  const inEnvironment = readEnvironment(env) !== undefined;
  let read: () => Promise<AwsCredentials>;
  if (inEnvironment) {
    read = () => {
      const found = readEnvironment(env);
      return found ? Promise.resolve(found) : Promise.reject(new Error('they are no longer set'));
    };
  } else {
    const { chainCredentials } = await import('./aws-chain.js');
    read = chainCredentials();
  }
  let latest = await read().catch((error: unknown) => {
    throw wrong(
      config,
      'no AWS credentials. Looked for AWS_BEARER_TOKEN_BEDROCK, AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, ' +
        `the profile ${env['AWS_PROFILE'] ?? 'default'} (keys, SSO, a role or a credential_process), web identity, ` +
        `and the role of a container or an instance: ${whyNot(error)}. "aws configure" or "aws sso login" sets them up`,
    );
  });
  return {
    latest: () => latest,
    async renew() {
      try {
        latest = await read();
      } catch (error) {
        throw new ProviderError(`${config.model}: the AWS credentials cannot be renewed: ${whyNot(error)}`, {
          reason: 'transport',
          isRetryable: true,
          mayHaveCost: false,
        });
      }
    },
    source: inEnvironment
      ? 'the AWS credentials in the environment'
      : 'the AWS credentials (a profile, SSO, web identity or a role)',
  };
}

function readEnvironment(env: Env): AwsCredentials | undefined {
  const accessKeyId = env['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'];
  const sessionToken = env['AWS_SESSION_TOKEN'];
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

/** A command's line and what it printed may hold secrets: of a process that failed only that is told. */
function whyNot(error: unknown): string {
  const message = error instanceof Error ? error.message : 'unknown';
  return message
    .replace(/Command failed[\s\S]*/, 'the credential_process failed')
    .replace(/\s+/g, ' ')
    .trim();
}

/**
 * The region of calls: AWS_REGION, AWS_DEFAULT_REGION, the profile's, or the one that the instance is in.
 *
 * @throws {InputError} when nothing says it.
 */
export async function readRegion(env: Env, config: NamedModel): Promise<string> {
  const named = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'];
  if (named) return named;
  const { chainRegion } = await import('./aws-chain.js');
  try {
    return await chainRegion();
  } catch {
    throw wrong(
      config,
      `no AWS region: set the environment variable AWS_REGION, for example us-east-1, or region in the profile ${env['AWS_PROFILE'] ?? 'default'}`,
    );
  }
}
