import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CRITERIA, MAX_TOKENS, OBJECTIVE } from '../reward/rubric.mjs';
import { inspectProcess } from './machine.mjs';

const TOUCHSTONE = fileURLToPath(new URL('../../node_modules/.bin/touchstone', import.meta.url));

/** A configuration whose judge is the provider simulator at `url`, with more settings of the judge's. YAML reads JSON. */
export function writeConfig(folder, url, more = {}) {
  const judge = {
    model: 'openai-compatible:simulated',
    base_url: `${url}/v1`,
    objective: OBJECTIVE,
    criteria: CRITERIA,
    inputs: { document: 'metadata.document' },
    max_tokens: MAX_TOKENS,
    concurrency: 256,
    ...more,
  };
  writeFileSync(path.join(folder, 'touchstone.yaml'), JSON.stringify({ judge }));
}

/** Starts the server; `port` 0 takes a free one. */
export async function startServer(folder, { port = 0, env = {} } = {}) {
  const args = [TOUCHSTONE, 'reward', 'serve', folder, '--port', String(port), '--json'];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = [];
  child.stderr.setEncoding('utf8').on('data', (text) => said.push(text));
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  const { url } = JSON.parse(line);
  return {
    url,
    pid: child.pid,
    port: Number(new URL(url).port),
    /** What it said of Redis. */
    problems: () =>
      said
        .join('')
        .split('\n')
        .filter((text) => text.startsWith('Redis at')),
    peakRssMb: () => Math.round(inspectProcess(child.pid)?.peak_rss_mb ?? NaN),
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      const [code] = await exit;
      return code;
    },
  };
}
