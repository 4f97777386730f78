import { readFile } from 'node:fs/promises';
import { createLambdaHandler } from '@touchstone/serve';
import { InputError } from '@touchstone/spec';
import type { Command } from 'commander';
import type { Io } from '../../io.js';
import { systemClock } from '../../run/clock.js';
import { openReward } from './open-reward.js';

/** The longest that AWS lets a Lambda function run. */
const LAMBDA_MS = 900_000;

/** `touchstone reward invoke` */
export function registerInvoke(reward: Command, io: Io): void {
  reward
    .command('invoke')
    .description(
      'run the AWS Lambda handler on an event file, as Amazon Nova training would, and print its answer',
    )
    .argument('<config>', 'touchstone.yaml, or its folder')
    .argument('<event>', 'JSON: a list of samples')
    .option('--json', 'print the answer on one line')
    .action((config: string, event: string, flags: { json?: true }) => invoke(config, event, flags, io));
}

async function invoke(path: string, file: string, flags: { json?: true }, io: Io): Promise<void> {
  const event = await readEvent(file);
  const begun = systemClock.seconds();
  const { reward, abstention } = await openReward(path);
  const handler = createLambdaHandler(() => Promise.resolve(reward), {
    // The wire must carry a number, so there is nothing to mask.
    abstention: abstention === 'group-mean' ? 'group-mean' : 'neutral',
    report: (notice) => void io.err.write(`${JSON.stringify(notice)}\n`),
  });
  const results = await handler(event, {
    getRemainingTimeInMillis: () => LAMBDA_MS - (systemClock.seconds() - begun) * 1000,
  });
  io.out.write(`${flags.json ? JSON.stringify(results) : JSON.stringify(results, null, 2)}\n`);
}

async function readEvent(file: string): Promise<unknown> {
  let event: unknown;
  try {
    event = JSON.parse(await readText(file));
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw InputError.at({ file }, 'not JSON: expected a list of samples', { cause });
  }
  if (typeof event === 'object' && event !== null) return event;
  throw InputError.at({ file }, `expected a list of samples, got ${JSON.stringify(event).slice(0, 60)}`);
}

async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const why = {
      ENOENT: 'there is no such file',
      ENOTDIR: 'there is no such file',
      ERR_ENCODING_INVALID_ENCODED_DATA: 'not UTF-8 text',
    };
    throw InputError.at(
      { file },
      Object.hasOwn(why, code) ? why[code as keyof typeof why] : `cannot be read (${code})`,
      { cause },
    );
  }
}
