import { createRewardServer } from '@touchstone/serve';
import { InvalidArgumentError, type Command } from 'commander';
import type { Io } from '../../io.js';
import { openReward } from './open-reward.js';

/** Holds the key that requests to `touchstone reward serve` must carry. */
const KEY_VARIABLE = 'TOUCHSTONE_REWARD_KEY';

/** `touchstone reward serve` */
export function registerServe(reward: Command, io: Io): void {
  reward
    .command('serve')
    .description('serve the reward over HTTP: POST /v1/rewards, POST / (Amazon Nova events) and GET /health')
    .argument('<config>', 'touchstone.yaml, or its folder')
    .option(
      '--host <host>',
      `where to listen; other than loopback needs a key in ${KEY_VARIABLE}`,
      '127.0.0.1',
    )
    .option('--port <port>', 'port; 0 takes a free one', parsePort, 8080)
    .option('--json', 'print the address as JSON')
    .action((config: string, flags: ServeFlags) => serve(config, flags, io));
}

interface ServeFlags {
  host: string;
  port: number;
  json?: true;
}

function parsePort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new InvalidArgumentError('expected a whole number from 0 to 65535');
  }
  return Number(text);
}

/** Ends at SIGINT or SIGTERM, after the requests in work; a second signal ends at once. */
async function serve(path: string, { host, port, json }: ServeFlags, io: Io): Promise<void> {
  const { reward, abstention } = await openReward(path);
  const key = io.env[KEY_VARIABLE]?.trim() || undefined;
  const server = createRewardServer({
    reward,
    key,
    abstention: abstention === 'group-mean' ? 'group-mean' : 'neutral',
    report: (notice) => void io.err.write(`${JSON.stringify(notice)}\n`),
  });
  const stopped = firstSignal();
  try {
    const url = await server.listen({ host, port });
    io.out.write(json ? `${JSON.stringify({ url })}\n` : `Listening on ${url}; Ctrl+C ends it.\n`);
    await stopped.signal;
    if (!json) io.err.write('Answering the requests in work; once more ends at once.\n');
    await server.close();
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
