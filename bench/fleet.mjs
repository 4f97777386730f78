#!/usr/bin/env node
/**
 * Processor time and memory of a reward server by answer, as JSON: what `touchstone reward bundle` computes the number of servers
 * from. Requests of one answer come at a steady rate; the server has a Redis, and a provider SIMULATOR without limits.
 *
 *     npm run bench:fleet -- --rounds 3 --out fleet.json
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { NO_FAULTS, REDIS, startRedis } from '@touchstone/testing';
import { judge, startFleet } from './shared/fleet.mjs';
import { expectedScore, makeSamples } from './reward/samples.mjs';
import { describeMachine, inspectProcess, versionOf } from './shared/machine.mjs';
import { spawnProvider } from './shared/spawn-provider.mjs';

const { values } = parseArgs({
  options: {
    rates: { type: 'string', default: '10,40' },
    letters: { type: 'string', default: '16000,32000' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
});
const log = (line) => process.stderr.write(`${line}\n`);
if (REDIS === undefined) throw new Error('neither redis-server nor valkey-server is installed');

const figures = {
  provider: 'simulator',
  machine: describeMachine({ redis: versionOf(REDIS, '--version') }),
  runs: [],
};
for (const letters of values.letters.split(',').map(Number)) {
  for (const rate of values.rates.split(',').map(Number)) {
    for (let round = 1; round <= Number(values.rounds); round++) {
      const run = { letters, rate, round, ...(await measure(letters, rate, Number(values.seed) + round)) };
      figures.runs.push(run);
      log(JSON.stringify(run));
    }
  }
}
const text = `${JSON.stringify(figures, null, 2)}\n`;
if (values.out) writeFileSync(values.out, text);
else process.stdout.write(text);

async function measure(letters, rate, seed) {
  const folder = mkdtempSync(path.join(tmpdir(), 'touchstone-bench-'));
  const redis = await startRedis();
  const provider = await spawnProvider({
    seed,
    limits: null,
    behaviour: { latency: { p50: 800, p99: 3000 }, faults: NO_FAULTS },
  });
  const [server] = await startFleet(folder, {
    processes: 1,
    origin: provider.url,
    requestsPerMinute: 1_000_000,
    redisUrl: redis.url,
  });
  try {
    const [warm, samples] = [50, rate * Number(values.seconds)].map((n, i) =>
      makeSamples(n, seed + i, letters),
    );
    await Promise.all(warm.map((sample) => judge(server.url, [sample])));
    const before = inspectProcess(server.pid);
    const begun = performance.now();
    let wrong = 0;
    const asked = [];
    for (const [i, sample] of samples.entries()) {
      const wait = begun + (i * 1000) / rate - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      asked.push(
        judge(server.url, [sample]).then(([score]) => {
          if (score !== expectedScore(sample.truth)) wrong++;
        }),
      );
    }
    await Promise.all(asked);
    const after = inspectProcess(server.pid);
    return {
      answers: samples.length,
      wrong,
      cpu_ms_per_answer: Number(((after.cpu_ms - before.cpu_ms) / samples.length).toFixed(2)),
      peak_rss_mb: Math.round(after.peak_rss_mb),
    };
  } finally {
    await server.stop();
    await provider.close();
    await redis.kill();
    rmSync(folder, { recursive: true });
  }
}
