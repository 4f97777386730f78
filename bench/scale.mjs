#!/usr/bin/env node
/**
 * The reward of the article's run as a fleet, as JSON and a table: 516 steps of 64 prompts × 8 rollouts about contracts of 16 to 32 kB, a judge with
 * a median of 4 s, 1, 4 and 16 reward servers on one Redis. Time is as it would be; only the steps are fewer (`--steps`), which the output says.
 *
 *     npm run bench:scale -- --out scale.json
 *     npm run bench:scale -- --processes 4 --steps 3
 *
 * The provider is a SIMULATOR that refuses what is over its limit. Each fleet works as a trainer that waits for all rewards of a step before it asks
 * about the next one (`ahead` 0), as one that draws the next step meanwhile (1), and without a limit, which shows what the machine itself can do.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { NO_FAULTS, REDIS, startRedis } from '@touchstone/testing';
import { makeSamples } from './reward/samples.mjs';
import { costTable } from './scale/cost.mjs';
import { redisLoad } from './scale/redis-load.mjs';
import { train } from './scale/trainer.mjs';
import { formatTable } from './shared/figures.mjs';
import { startFleet } from './shared/fleet.mjs';
import { describeMachine, inspectProcess, versionOf } from './shared/machine.mjs';
import { spawnProvider } from './shared/spawn-provider.mjs';

/** The article's run. */
const ARTICLE = { steps: 516, prompts: 64, group: 8 };

const { values } = parseArgs({
  options: {
    processes: { type: 'string', default: '1,4,16' },
    steps: { type: 'string', default: '6' },
    'requests-per-minute': { type: 'string', default: '3000' },
    p50: { type: 'string', default: '4000' },
    p99: { type: 'string', default: '15000' },
    // US dollars for a million tokens, in and out: a cheap judge, a middling one, a dear one.
    prices: { type: 'string', default: '0.1/0.4,0.8/3.2,3/15' },
    // Second calls for stragglers, as the product has them unless it is told otherwise: a few verdicts are bought twice on purpose.
    hedge: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
});
const seed = Number(values.seed);
const steps = Number(values.steps);
const requestsPerMinute = Number(values['requests-per-minute']);
const latency = { p50: Number(values.p50), p99: Number(values.p99) };
const perStep = ARTICLE.prompts * ARTICLE.group;
const log = (line) => process.stderr.write(`${line}\n`);

if (REDIS === undefined) throw new Error('neither redis-server nor valkey-server is installed');
const redis = await startRedis();
const folder = mkdtempSync(path.join(tmpdir(), 'touchstone-bench-'));
const samples = makeSamples(steps * perStep, seed, undefined, ARTICLE.group);
try {
  const fleets = [];
  for (const processes of values.processes.split(',').map(Number)) {
    for (const [ahead, limit] of [
      [0, requestsPerMinute],
      [1, requestsPerMinute],
      [steps, null],
    ]) {
      log(
        `${processes} servers, ${limit === null ? 'no limit, all steps at once' : `${limit} calls a minute, ${ahead} step ahead`}`,
      );
      fleets.push(await measure(processes, ahead, limit));
      log(JSON.stringify(fleets.at(-1)));
    }
  }
  const { verdicts, prompt_tokens, output_tokens } = fleets[0];
  const figures = {
    provider: 'simulator',
    machine: describeMachine({ redis: versionOf(REDIS, '--version') }),
    seed,
    article: ARTICLE,
    steps,
    shortened_by: ARTICLE.steps / steps,
    latency_ms: latency,
    requests_per_minute: requestsPerMinute,
    hedge: values.hedge,
    fleets,
    article_costs: costTable({
      calls: ARTICLE.steps * perStep,
      tokens: { input: prompt_tokens / verdicts, output: output_tokens / verdicts },
      prices: values.prices.split(',').map((pair) => pair.split('/').map(Number)),
      requestsPerMinute,
    }),
  };
  const text = `${JSON.stringify(figures, null, 2)}\n`;
  if (values.out) writeFileSync(values.out, text);
  process.stdout.write(text);
  process.stderr.write(tableOf(figures));
} finally {
  await redis.kill();
  rmSync(folder, { recursive: true, force: true });
}

async function measure(processes, ahead, limit) {
  await redis.kill();
  await redis.start();
  const limits = limit === null ? null : { requestsPerMinute: limit };
  const provider = await spawnProvider({ seed, limits, behaviour: { latency, faults: NO_FAULTS } });
  const servers = await startFleet(folder, {
    processes,
    origin: provider.url,
    ...(limit === null ? {} : { requestsPerMinute: limit }),
    concurrency: 4096,
    hedge: values.hedge,
    redisUrl: redis.url,
  });
  const started = servers.map(({ pid }) => inspectProcess(pid)?.cpu_ms ?? 0);
  const before = await redisLoad(redis.url);
  try {
    const { seconds, wrong, abstained, stepSeconds } = await train({
      servers,
      samples,
      perStep,
      group: ARTICLE.group,
      ahead,
      seed,
    });
    const used = servers.map(({ pid }) => inspectProcess(pid));
    const cpuMs = used.reduce((sum, one, i) => sum + (one?.cpu_ms ?? 0) - started[i], 0);
    const after = await redisLoad(redis.url);
    const report = await provider.report();
    const round = (value, digits = 4) => Number(value.toFixed(digits));
    return {
      processes,
      ahead,
      requests_per_minute: limit,
      steps,
      verdicts: report.useful,
      seconds: round(seconds, 1),
      verdicts_per_second: round(report.useful / seconds, 1),
      share_of_limit_used: limit === null ? null : round((report.useful / seconds) * (60 / limit)),
      step_seconds: stepSeconds,
      bought_twice: report.redundant,
      refused_429: report.refused,
      wrong,
      abstained,
      peak_in_flight: report.peakInFlight,
      server_cpu_ms_per_verdict: round(cpuMs / report.useful, 2),
      server_peak_rss_mb: Math.round(Math.max(...used.map((one) => one?.peak_rss_mb ?? 0))),
      redis_commands_per_verdict: round((after.commands - before.commands) / report.useful, 1),
      redis_cpu_ms_per_verdict: round((after.cpuMs - before.cpuMs) / report.useful, 3),
      redis_bytes_per_verdict: Math.round((after.bytes - before.bytes) / report.useful),
      prompt_tokens: report.tokens.prompt,
      output_tokens: report.tokens.output,
    };
  } finally {
    await Promise.all(servers.map((one) => one.stop()));
    await provider.close();
  }
}

function tableOf({ fleets, article_costs }) {
  const percent = (share) => (share === null ? null : `${(100 * share).toFixed(1)} %`);
  const fleetRows = fleets.map((one) => [
    `${one.processes} servers, ${one.requests_per_minute === null ? 'no limit' : `${one.ahead} ahead`}`,
    one.verdicts_per_second,
    percent(one.share_of_limit_used),
    one.step_seconds.median,
    one.bought_twice,
    one.refused_429,
    one.wrong + one.abstained,
    one.server_cpu_ms_per_verdict,
    one.server_peak_rss_mb,
  ]);
  const titles =
    'fleet|verdicts/s|of the limit|s a step|twice|429s|wrong or lost|CPU ms a verdict|peak MB a server';
  const costRows = article_costs.rows.map(({ price, dollars }) => [
    `${price.input} in, ${price.output} out`,
    dollars,
  ]);
  return [
    formatTable(titles.split('|'), fleetRows),
    formatTable(['$ for a million tokens', '$ for the whole run'], costRows),
  ].join('\n');
}
