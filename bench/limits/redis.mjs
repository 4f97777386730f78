import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

const BINARY = ['redis-server', 'valkey-server'].find(
  (name) => spawnSync(name, ['--version']).error === undefined,
);

/** A Redis that keeps nothing on disk, so that a restart loses all; undefined where none is installed. */
export async function startRedis() {
  if (BINARY === undefined) return undefined;
  const port = await freePort();
  let child = await start(port);
  return {
    url: `redis://127.0.0.1:${port}`,
    version: spawnSync(BINARY, ['--version'], { encoding: 'utf8' }).stdout.trim(),
    /** Killed, and started again after so many milliseconds. */
    async restart(awayMs) {
      await stop(child);
      await new Promise((resolve) => setTimeout(resolve, awayMs));
      child = await start(port);
    },
    stop: () => stop(child),
  };
}

async function start(port) {
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawn(BINARY, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const chunk of child.stdout) if (String(chunk).includes('eady to accept connections')) break;
  child.stdout.destroy();
  return child;
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
