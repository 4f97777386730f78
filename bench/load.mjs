#!/usr/bin/env node
/**
 * `touchstone reward serve` under load, as JSON: a restart in the middle of the work of many clients that keep their
 * connections, and hostile requests of every kind while `/health` is asked.
 *
 *     npm run bench:load -- --out load.json
 *     npm run bench:load -- --clients 50 --seconds 10 --requests 100
 *
 * Judge and answers are simulated, so that each score can be checked.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { NO_FAULTS } from '@touchstone/testing';
import { HOSTILE } from './load/hostile.mjs';
import { attack } from './load/attack.mjs';
import { restart } from './load/restart.mjs';
import { writeConfig } from './shared/server.mjs';
import { describeMachine } from './shared/machine.mjs';
import { spawnProvider } from './shared/spawn-provider.mjs';

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '400' },
    seconds: { type: 'string', default: '30' },
    requests: { type: 'string', default: '1000' },
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
});
const seed = Number(values.seed);
const wanted = values.only?.split(',');
const isWanted = (name) => wanted?.includes(name) ?? true;
const log = (line) => process.stderr.write(`${line}\n`);

const folder = mkdtempSync(path.join(tmpdir(), 'touchstone-bench-'));
const behaviour = { latency: { p50: 200, p99: 1000 }, faults: NO_FAULTS };
const provider = await spawnProvider({ seed, limits: null, behaviour });
try {
  writeConfig(folder, provider.url);
  const figures = { provider: 'simulator', machine: describeMachine(), seed, restart: null, hostile: {} };
  if (isWanted('restart')) {
    log(`${values.clients} clients for ${values.seconds} s, with a restart`);
    figures.restart = await restart(folder, {
      clients: Number(values.clients),
      seconds: Number(values.seconds),
      seed,
    });
  }
  for (const [name, kind] of Object.entries(HOSTILE).filter(([name]) => isWanted(name))) {
    log(`${values.requests} hostile requests: ${name}`);
    figures.hostile[name] = await attack(folder, kind, Number(values.requests));
  }
  const text = `${JSON.stringify(figures, null, 2)}\n`;
  if (values.out) writeFileSync(values.out, text);
  process.stdout.write(text);
} finally {
  await provider.close();
  rmSync(folder, { recursive: true, force: true });
}
