import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../../../../.cache/python/bin/moto_server', import.meta.url));

/** Why moto cannot be asked here; undefined: it can. */
export const WITHOUT_MOTO = existsSync(PROGRAM)
  ? undefined
  : 'moto is not here; node scripts/python-tools.mjs';

/** moto in AWS's place, for this process too. */
export async function startMoto(): Promise<{ url: string; close(): Promise<void> }> {
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  const moto: ChildProcess = spawn(PROGRAM, ['--host', '127.0.0.1', '--port', String(port)], {
    stdio: 'ignore',
  });
  const url = `http://127.0.0.1:${port}`;
  while (!(await fetch(url).catch(() => undefined))) await new Promise((resolve) => setTimeout(resolve, 100));
  const env = { AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  const before = Object.keys(env).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, env);
  return {
    url,
    async close() {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
      const gone = once(moto, 'exit');
      moto.kill();
      await gone;
    },
  };
}
