import { readFile } from 'node:fs/promises';
import { createLambdaHandler } from '@touchstone/serve';
import { InputError } from '@touchstone/spec';
import { InvalidArgumentError, type Command } from 'commander';
import { loadScoringConfig, localModels, systemClock } from '@touchstone/run';
import type { Io } from '../../io.js';
import {
  MAX_TIMEOUT_SECONDS,
  assertRequestSize,
  assertResponseSize,
  lambdaConfigOf,
  readEvent,
  runZip,
  timedOut,
} from '@touchstone/launch';

interface InvokeFlags {
  timeout: number;
  json?: true;
}

/** `touchstone reward invoke` */
export function registerInvoke(reward: Command, io: Io): void {
  reward
    .command('invoke')
    .description(
      'run the AWS Lambda function on an event file, under the limits of Lambda, and print its answer',
    )
    .argument('<config>', 'touchstone.yaml, its folder, or a function.zip of "touchstone reward bundle"')
    .argument('<event>', 'JSON: a list of samples')
    .option('--timeout <seconds>', "the function's time limit", parseTimeout, MAX_TIMEOUT_SECONDS)
    .option('--json', 'print the answer on one line')
    .action((config: string, event: string, flags: InvokeFlags) => invoke(config, event, flags, io));
}

function parseTimeout(text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= MAX_TIMEOUT_SECONDS) return seconds;
  throw new InvalidArgumentError(`expected seconds, more than 0 and at most ${MAX_TIMEOUT_SECONDS}`);
}

/** The function's log goes to standard error, a JSON line per sample. */
async function invoke(path: string, file: string, flags: InvokeFlags, io: Io): Promise<void> {
  const { event, bytes, samples } = await readEvent(file);
  assertRequestSize(bytes, samples, file);
  const result = path.endsWith('.zip')
    ? await invokeZip(path, event, flags, io)
    : await invokeConfig(path, event, flags, io);
  assertResponseSize(Buffer.byteLength(JSON.stringify(result)));
  io.out.write(`${flags.json ? JSON.stringify(result) : JSON.stringify(result, null, 2)}\n`);
}

async function invokeZip(path: string, event: unknown, { timeout }: InvokeFlags, io: Io): Promise<unknown> {
  const zip = await readFile(path).catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw InputError.at({ file: path }, `cannot be read (${code})`, { cause });
  });
  const { result, peakMegabytes } = await runZip(zip, path, event, {
    timeoutSeconds: timeout,
    env: io.env,
    onLog: (text) => void io.err.write(text),
  });
  const report = { kind: 'report', peak_megabytes: Math.ceil(peakMegabytes) };
  io.err.write(`${JSON.stringify(report)}\n`);
  return result;
}

/** The same handler in this process, where a judge may also be a model of the engine. */
async function invokeConfig(
  path: string,
  event: unknown,
  { timeout }: InvokeFlags,
  io: Io,
): Promise<unknown> {
  const { config, baseDir } = await loadScoringConfig(path);
  const handler = createLambdaHandler(lambdaConfigOf(config, { allowLocal: true }), {
    baseDir,
    env: { ...io.env },
    localModel: localModels(config.engine),
    log: (line) => void io.err.write(`${JSON.stringify(line)}\n`),
  });
  const begun = systemClock.seconds();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(timedOut(timeout)), timeout * 1000);
  });
  const remaining = () => (timeout - (systemClock.seconds() - begun)) * 1000;
  try {
    return await Promise.race([handler(event, { getRemainingTimeInMillis: remaining }), late]);
  } finally {
    clearTimeout(timer);
  }
}
