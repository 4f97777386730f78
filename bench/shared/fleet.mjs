import { request } from 'node:http';
import { startServer, writeConfig } from './server.mjs';

/**
 * `touchstone reward serve` in so many processes, that share a Redis and a provider's limit.
 *
 * @param {{ processes: number, origin: string, requestsPerMinute?: number, concurrency?: number, hedge?: boolean, redisUrl: string }} options
 */
export async function startFleet(
  folder,
  { processes, origin, requestsPerMinute, concurrency = 256, hedge = false, redisUrl },
) {
  writeConfig(folder, origin, {
    concurrency,
    requests_per_minute: requestsPerMinute,
    // A second call for a straggler is a verdict bought twice on purpose.
    ...(hedge ? {} : { hedge: { share: 0 } }),
    cache: { redis_env: 'BENCH_REDIS' },
  });
  const servers = [];
  // A few at a time: each takes a second of a core to start.
  for (let i = 0; i < processes; i += 4) {
    const some = Array.from({ length: Math.min(4, processes - i) }, () =>
      startServer(folder, { env: { BENCH_REDIS: redisUrl } }),
    );
    servers.push(...(await Promise.all(some)));
  }
  return servers;
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
