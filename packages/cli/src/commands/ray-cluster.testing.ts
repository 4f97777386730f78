import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { missingTrl, PYTHON } from './trl-python.testing.js';

/** The reason that tests with TRL on Ray are skipped for, if they are; else an empty text. */
export function missingRay(): string {
  const why = missingTrl();
  if (why) return why;
  const find = 'import importlib.util as u; exit(not all(map(u.find_spec, ["ray", "aiohttp_cors"])))';
  return spawnSync(PYTHON!, ['-c', find]).status === 0 ? '' : `${PYTHON} lacks ray[default]`;
}

export interface RayCluster {
  address: string;
  /** What it wants of whoever asks. */
  token: string;
  ask(method: 'GET' | 'POST', path: string): Promise<unknown>;
  stop(): Promise<void>;
}

/**
 * A Ray cluster of this machine alone, with a token, on ports of its own: another one may be at work beside it.
 *
 * @param bin the folder of the `ray` command.
 */
export async function startRay(
  bin = dirname(PYTHON ?? ''),
  { cpus, gpus }: { cpus: number; gpus: number } = { cpus: 2, gpus: 0 },
): Promise<RayCluster> {
  const [dashboard, client, agent] = await freePorts(3);
  const token = randomBytes(16).toString('hex');
  // Short, which the tests' own folder is not: Ray makes sockets below it, whose paths may have 107 bytes.
  const folder = mkdtempSync('/tmp/ts-ray-');
  const options = {
    port: 0,
    'dashboard-host': '127.0.0.1',
    'dashboard-port': dashboard,
    'dashboard-agent-listen-port': agent,
    'ray-client-server-port': client,
    'min-worker-port': 0,
    'max-worker-port': 0,
    'num-cpus': cpus,
    'num-gpus': gpus,
    'object-store-memory': 100_000_000,
    'temp-dir': folder,
  };
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  // Detached: all that it starts is in its group, to be ended together. `ray stop` would end other clusters too.
  const head = spawn(join(bin, 'ray'), ['start', '--head', '--block', '--disable-usage-stats', ...args], {
    env: { ...process.env, RAY_AUTH_MODE: 'token', RAY_AUTH_TOKEN: token },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [head.stdout, head.stderr])
    stream.on('data', (data: Buffer) => (said += data.toString()));
  const ended = new Promise<void>((resolve) => head.once('close', () => resolve()));
  const address = `http://127.0.0.1:${dashboard}`;
  const ask = async (method: 'GET' | 'POST', path: string): Promise<unknown> => {
    const reply = await fetch(`${address}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
    return reply.json();
  };
  const stop = async (): Promise<void> => {
    head.kill('SIGTERM');
    await Promise.race([ended, sleep(20_000)]);
    try {
      process.kill(-head.pid!, 'SIGKILL');
    } catch {
      // All of it has ended.
    }
    // Ray's agents have groups of their own and write until they notice that the rest has gone.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
  };
  for (let left = 120; ; left--) {
    const version = await ask('GET', '/api/version').catch(() => null);
    if (version) return { address, token, ask, stop };
    if (left === 0 || head.exitCode !== null) {
      await stop();
      throw new Error(`ray start: ${said}`);
    }
    await sleep(1000);
  }
}

/** So many ports that nothing listens on. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
