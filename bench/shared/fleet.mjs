import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CRITERIA, MAX_TOKENS, OBJECTIVE } from '../reward/rubric.mjs';

const TOUCHSTONE = fileURLToPath(new URL('../../node_modules/.bin/touchstone', import.meta.url));

/**
 * `touchstone reward serve` in so many processes, that share a Redis and a provider's limit.
 *
 * @param {{ processes: number, origin: string, requestsPerMinute?: number, concurrency?: number, hedge?: boolean, redisUrl: string }} options
 */
export async function startFleet(
  folder,
  { processes, origin, requestsPerMinute, concurrency = 256, hedge = false, redisUrl },
) {
  const judge = {
    model: 'openai-compatible:simulated',
    base_url: `${origin}/v1`,
    objective: OBJECTIVE,
    criteria: CRITERIA,
    inputs: { document: 'metadata.document' },
    max_tokens: MAX_TOKENS,
    concurrency,
    requests_per_minute: requestsPerMinute,
    // A second call for a straggler is a verdict bought twice on purpose.
    ...(hedge ? {} : { hedge: { share: 0 } }),
    cache: { redis_env: 'BENCH_REDIS' },
  };
  // YAML reads JSON.
  writeFileSync(path.join(folder, 'touchstone.yaml'), JSON.stringify({ judge }));
  const servers = [];
  // A few at a time: each takes a second of a core to start.
  for (let i = 0; i < processes; i += 4) {
    const some = Array.from({ length: Math.min(4, processes - i) }, () => startServer(folder, redisUrl));
    servers.push(...(await Promise.all(some)));
  }
  return servers;
}

async function startServer(folder, redisUrl) {
  const args = [TOUCHSTONE, 'reward', 'serve', folder, '--port', '0', '--json'];
  const env = { ...process.env, BENCH_REDIS: redisUrl };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  child.stderr.setEncoding('utf8').on('data', (text) => said.push(text));
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  const { url } = JSON.parse(line);
  return {
    url,
    pid: child.pid,
    /** What it said of Redis. */
    problems: () =>
      said
        .join('')
        .split('\n')
        .filter((text) => text.startsWith('Redis at')),
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    },
    kill: () => child.kill('SIGKILL'),
  };
}

/** Has the findings about one contract judged, in one request; their scores, null where the judge abstained. */
export async function judge(url, samples) {
  const messages = [{ role: 'user', content: 'Review the contract.' }];
  const rollouts = samples.map(({ id, document, response }) => ({
    id,
    messages,
    response,
    metadata: { document },
  }));
  const { rewards } = await post(`${url}/v1/rewards`, JSON.stringify({ rollouts }));
  return rewards.map(({ score }) => score);
}

function post(url, body) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method: 'POST', headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('end', () =>
        response.statusCode === 200
          ? resolve(JSON.parse(text))
          : reject(new Error(`${response.statusCode}: ${text}`)),
      );
      response.on('error', reject);
    });
    sent.on('error', reject).end(body);
  });
}
