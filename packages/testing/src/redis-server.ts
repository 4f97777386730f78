import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** The Redis or Valkey of this machine; undefined where there is none. */
export const REDIS = ['redis-server', 'valkey-server'].find(
  (name) => spawnSync(name, ['--version']).error === undefined,
);
/** What the title of a test that needs one says where there is none. */
export const WITHOUT_REDIS =
  REDIS === undefined ? ' (skipped: neither redis-server nor valkey-server is installed)' : '';

export interface RedisServer {
  url: string;
  /** Ends at once, and loses all that it held. */
  kill(): Promise<void>;
  /** Again, at the same address. */
  start(): Promise<void>;
  /** It holds its connections and says nothing, until it goes on. */
  freeze(): void;
  goOn(): void;
}

/** Starts a real server on loopback that keeps nothing on disk. */
export async function startRedis(...settings: string[]): Promise<RedisServer> {
  const port = await freePort();
  let child: ChildProcess;
  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
    async start() {
      const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
      child = spawn(REDIS!, [...args, ...settings], { stdio: ['ignore', 'pipe', 'inherit'] });
      for await (const chunk of child.stdout!) {
        if (String(chunk).includes('eady to accept connections')) break;
      }
      child.stdout!.destroy();
    },
    freeze: () => void child.kill('SIGSTOP'),
    goOn: () => void child.kill('SIGCONT'),
  };
  await server.start();
  return server;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
