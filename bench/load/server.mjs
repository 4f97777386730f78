import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspectProcess } from '../shared/machine.mjs';
import { CRITERIA, MAX_TOKENS, OBJECTIVE } from '../reward/rubric.mjs';

const TOUCHSTONE = fileURLToPath(new URL('../../node_modules/.bin/touchstone', import.meta.url));

/** A configuration whose judge is the provider simulator at `url`. YAML reads JSON. */
export function writeConfig(folder, url) {
  const judge = {
    model: 'openai-compatible:simulated',
    base_url: `${url}/v1`,
    objective: OBJECTIVE,
    criteria: CRITERIA,
    inputs: { document: 'metadata.document' },
    max_tokens: MAX_TOKENS,
    concurrency: 256,
  };
  writeFileSync(path.join(folder, 'touchstone.yaml'), JSON.stringify({ judge }));
}

/** Starts the server; `port` 0 takes a free one. */
export async function startServer(folder, port = 0) {
  const args = [TOUCHSTONE, 'reward', 'serve', folder, '--port', String(port), '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  const { url } = JSON.parse(line);
  return {
    url,
    port: Number(new URL(url).port),
    peakRssMb: () => Math.round(inspectProcess(child.pid)?.peak_rss_mb ?? NaN),
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      const [code] = await exit;
      return code;
    },
  };
}
