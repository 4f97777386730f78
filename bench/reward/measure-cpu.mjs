import { NO_FAULTS } from '@touchstone/testing';
import { spread } from '../shared/figures.mjs';
import { spawnProvider } from '../shared/spawn-provider.mjs';
import { runClient } from './run-client.mjs';

/** A provider that is quick and never fails, so that nothing but the work itself is measured. */
const SMOOTH = {
  latency: { p50: 20, p99: 30 },
  faults: NO_FAULTS,
};
/** Scored once uncounted, then this often. */
const SAMPLES = 500;

/**
 * Processor time a call (user and system) of Touchstone and of the bare undici loop, in turns, each round in fresh
 * processes after a pass that does not count.
 */
export async function measureCpu({ job, rounds, passes, seed }) {
  const contenders = { touchstone: 'touchstone.mjs', undici: 'undici-loop.mjs' };
  const perCall = { touchstone: [], undici: [] };
  const peakRss = { touchstone: [], undici: [] };
  let calls = 0;
  for (let round = 0; round < rounds; round++) {
    for (const [name, script] of Object.entries(contenders)) {
      const provider = await spawnProvider({ seed, limits: null, behaviour: SMOOTH });
      try {
        const run = await runClient({
          command: process.execPath,
          script,
          job: {
            ...job,
            url: provider.url,
            limits: null,
            passes,
            first: SAMPLES,
            concurrency: 64,
          },
          capSeconds: 600,
        });
        if (run.ended !== 'finished') throw new Error(`${name}: ${run.ended}`);
        calls = run.entries.length;
        perCall[name].push(run.cpuMs / calls);
        peakRss[name].push(run.peakRssMb);
      } finally {
        await provider.close();
      }
    }
  }
  return {
    calls_a_round: calls,
    touchstone_ms: spread(perCall.touchstone),
    undici_ms: spread(perCall.undici),
    ratio: spread(perCall.touchstone.map((ms, i) => ms / perCall.undici[i])),
    peak_rss_mb: { touchstone: spread(peakRss.touchstone, 0), undici: spread(peakRss.undici, 0) },
  };
}
