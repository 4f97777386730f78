import { openReward } from '@touchstone/core';
import { createRewardServer, createTelemetry } from '@touchstone/serve';
import { InputError } from '@touchstone/spec';
import { InvalidArgumentError, type Command } from 'commander';
import type { Io } from '../../io.js';
import { fieldsNamed, loadScoringConfig, rewardResources, systemClock } from '@touchstone/run';
import { certified, REQUIRE_CERTIFICATE } from './certified.js';

/** Holds the key that requests to `touchstone reward serve` must carry. */
const KEY_VARIABLE = 'TOUCHSTONE_REWARD_KEY';

/** `touchstone reward serve` */
export function registerServe(reward: Command, io: Io): void {
  reward
    .command('serve')
    .description('serve the reward over HTTP, on the wires of several trainers; GET /openapi.json lists them')
    .argument('<config>', 'touchstone.yaml, or its folder')
    .option(
      '--host <host>',
      `where to listen; other than loopback needs a key in ${KEY_VARIABLE}`,
      '127.0.0.1',
    )
    .option('--port <port>', 'port; 0 takes a free one', parsePort, 8080)
    .option('--no-key', 'ask for no key, because something in front of the server lets in who may')
    .option(
      '--group-size <n>',
      'answers of a group that come one by one and are judged together; requests may say another',
      parseWhole,
    )
    .option(
      '--group-wait <seconds>',
      'how long an answer waits for the others of its group',
      parseSeconds,
      30,
    )
    .option(
      '--drain-wait <seconds>',
      'after a signal, go on this long while GET /ready says no, so that a load balancer looks away',
      parseSeconds,
      0,
    )
    .option(
      '--drain-limit <seconds>',
      'after a signal and that wait, the longest that requests in work may take; what is not judged by then counts as abstained',
      parseSeconds,
      25,
    )
    .option('--require-certificate', REQUIRE_CERTIFICATE)
    .option('--log-prompts', 'log prompts and answers of samples that could not be judged')
    .option('--json', 'print the address as JSON')
    .action((config: string, flags: ServeFlags) => serve(config, flags, io));
}

interface ServeFlags {
  host: string;
  port: number;
  /** false after `--no-key`. */
  key: boolean;
  groupSize?: number;
  groupWait: number;
  drainWait: number;
  drainLimit: number;
  requireCertificate?: true;
  logPrompts?: true;
  json?: true;
}

function parsePort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new InvalidArgumentError('expected a whole number from 0 to 65535');
  }
  return Number(text);
}

function parseWhole(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) === 0) {
    throw new InvalidArgumentError('expected a whole number above 0');
  }
  return Number(text);
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() === '' || !(seconds >= 0 && seconds <= 3600)) {
    throw new InvalidArgumentError('expected seconds, from 0 to 3600');
  }
  return seconds;
}

/** Ends at SIGINT or SIGTERM, after the requests in work; a second signal ends at once. */
async function serve(path: string, flags: ServeFlags, io: Io): Promise<void> {
  const key = io.env[KEY_VARIABLE]?.trim() || undefined;
  if (key !== undefined && !flags.key) {
    throw new InputError([{ message: `${KEY_VARIABLE} is set, and --no-key was given: choose one` }]);
  }
  const telemetry = createTelemetry();
  // Before the judge is opened: what it measures with is bound when it is made.
  telemetry.install();
  const { config, baseDir } = await loadScoringConfig(path);
  const { reward, judge } = await openReward(config, await rewardResources(config, baseDir));
  const { certificate, eased, problem } = await certified(
    { config, baseDir },
    Promise.resolve(judge),
    flags,
    io,
  );
  const write = (record: object): void => {
    io.err.write(`${JSON.stringify({ time: systemClock.date().toISOString(), ...record })}\n`);
  };
  const server = createRewardServer({
    reward,
    meant: fieldsNamed(config),
    key,
    isOpen: !flags.key,
    abstention: config.reward.abstention.policy,
    novaRange: config.aws.range,
    certificate: certificate && { hash: certificate.hash, eased },
    groupSize: flags.groupSize,
    groupWaitMs: flags.groupWait * 1000,
    report: write,
    log: write,
    logPrompts: flags.logPrompts ?? false,
    telemetry,
  });
  const stopped = firstSignal();
  try {
    const url = await server.listen(flags);
    if (problem !== null) write({ kind: 'no-certificate', detail: problem });
    if (eased !== null) write({ kind: 'certificate-eased', detail: eased });
    io.out.write(flags.json ? `${JSON.stringify({ url })}\n` : `Listening on ${url}; Ctrl+C ends it.\n`);
    await stopped.signal;
    if (!flags.json) io.err.write('Answering the requests in work; once more ends at once.\n');
    await server.close({ afterMs: flags.drainWait * 1000, limitMs: flags.drainLimit * 1000 });
  } finally {
    stopped.forget();
  }
}

function firstSignal(): { signal: Promise<void>; forget: () => void } {
  let listener = (): void => {};
  const forget = (): void => void process.off('SIGINT', listener).off('SIGTERM', listener);
  const signal = new Promise<void>((resolve) => {
    listener = () => {
      forget();
      resolve();
    };
    process.on('SIGINT', listener).on('SIGTERM', listener);
  });
  return { signal, forget };
}
