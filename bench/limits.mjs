#!/usr/bin/env node
/**
 * One declared limit, kept by 1, 4 and 16 reward servers on one Redis, as JSON: how much of the limit is used, by how much
 * the worst minute exceeds it, and what is bought twice, through a restart of Redis that loses all its data.
 *
 *     npm run bench:limits -- --out limits.json
 *     npm run bench:limits -- --processes 4 --seconds 30 --quick
 *
 * The provider is a SIMULATOR without a limit of its own, so that it counts what is asked of it rather than refusing it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { random } from '@touchstone/spec';
import { excessOver, mostWithin, NO_FAULTS, REDIS, startRedis } from '@touchstone/testing';
import { judge, startFleet } from './shared/fleet.mjs';
import { expectedScore, makeSamples } from './reward/samples.mjs';
import { describeMachine, versionOf } from './shared/machine.mjs';
import { spawnProvider } from './shared/spawn-provider.mjs';

const { values } = parseArgs({
  options: {
    processes: { type: 'string', default: '1,4,16' },
    'requests-per-minute': { type: 'string', default: '1200' },
    seconds: { type: 'string', default: '150' },
    'away-seconds': { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
});
const seed = Number(values.seed);
const requestsPerMinute = Number(values['requests-per-minute']);
const seconds = Number(values.seconds);
const awaySeconds = Number(values['away-seconds']);
const log = (line) => process.stderr.write(`${line}\n`);
/** Of the samples, so many are asked of a second process at the same time, and so many again of another one later. */
const AT_ONCE = 0.1;
const LATER = 0.1;

if (REDIS === undefined) throw new Error('neither redis-server nor valkey-server is installed');
const redis = await startRedis();
const folder = mkdtempSync(path.join(tmpdir(), 'touchstone-bench-'));
try {
  const fleets = {};
  for (const processes of values.processes.split(',').map(Number)) {
    for (const awayMs of [0, awaySeconds * 1000]) {
      const name = `${processes} processes${awayMs > 0 ? ', restart' : ''}`;
      log(name);
      fleets[name] = await measure(processes, awayMs);
      log(JSON.stringify(fleets[name]));
    }
  }
  const figures = {
    provider: 'simulator',
    machine: describeMachine({ redis: versionOf(REDIS, '--version') }),
    seed,
    requests_per_minute: requestsPerMinute,
    away_seconds: awaySeconds,
    fleets,
  };
  const text = `${JSON.stringify(figures, null, 2)}\n`;
  if (values.out) writeFileSync(values.out, text);
  process.stdout.write(text);
} finally {
  await redis.kill();
  rmSync(folder, { recursive: true, force: true });
}

async function measure(processes, awayMs) {
  await restartRedis(0);
  const behaviour = { latency: { p50: 800, p99: 4000 }, faults: NO_FAULTS };
  const provider = await spawnProvider({ seed, limits: null, behaviour });
  const servers = await startFleet(folder, {
    processes,
    origin: provider.url,
    requestsPerMinute,
    redisUrl: redis.url,
  });
  try {
    const count = Math.ceil((requestsPerMinute / 60) * seconds);
    const samples = makeSamples(count, seed, 4000);
    let wrong = 0;
    const ask = async (server, sample) => {
      const [score] = await judge(server.url, [sample]);
      if (score !== expectedScore(sample.truth)) wrong++;
    };
    const restart = awayMs > 0 ? later((seconds * 1000) / 2).then(() => restartRedis(awayMs)) : undefined;
    // More than the limit lets through is always waiting, everywhere.
    const draw = random(seed, 'asked');
    const next = samples[Symbol.iterator]();
    const client = async (home) => {
      for (const sample of next) {
        const other = servers[(home + 1 + draw.integer(Math.max(1, processes - 1))) % processes];
        const chance = draw.next();
        const asked = [ask(servers[home], sample)];
        if (chance < AT_ONCE) asked.push(ask(other, sample));
        await Promise.all(asked);
        if (chance > 1 - LATER) await ask(other, sample);
      }
    };
    const clients = Math.max(processes, Math.ceil((requestsPerMinute / 60) * 6));
    await Promise.all(Array.from({ length: clients }, (_, i) => client(i % processes)));
    await restart;
    return {
      ...figuresOf(await provider.report()),
      wrong,
      problems: servers.flatMap((one) => one.problems()).length,
    };
  } finally {
    await Promise.all(servers.map((one) => one.stop()));
    await provider.close();
  }
}

function figuresOf({ calls, useful, redundant, refused, arrivals }) {
  // The end, when the last ones are waited for, says nothing of the limit.
  const [first, last] = [arrivals[0], arrivals.at(-1)];
  const inMinute = mostWithin(arrivals, 60_000);
  const round = (value) => Number(value.toFixed(4));
  return {
    calls,
    useful,
    bought_twice: redundant,
    refused,
    seconds: round((last - first) / 1000),
    share_of_limit_used: round(((arrivals.length - 1) / (last - first)) * (60_000 / requestsPerMinute)),
    worst_minute: inMinute,
    excess_in_worst_minute: last - first >= 60_000 ? round(inMinute / requestsPerMinute - 1) : null,
    /** Of a minute's limit, over windows of every length. */
    excess_of_any_window: round(excessOver(arrivals, requestsPerMinute) / requestsPerMinute),
  };
}

async function restartRedis(awayMs) {
  await redis.kill();
  await later(awayMs);
  await redis.start();
}

function later(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
