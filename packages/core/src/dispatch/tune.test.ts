import { it } from 'vitest';
import { createDispatcher } from './dispatcher.js';
import { createProviderSimulator } from './provider-simulator.testing.js';
import { createVirtualClock } from './virtual-clock.testing.js';

const ask = (content: string) => ({ messages: [{ role: 'user' as const, content }], maxOutputTokens: 16, temperature: 0, seed: 1 });

for (const [name, rpm, declared, concurrency] of [
  ['declared 1200', 1200, 1200, 256],
  ['declared 1200 c64', 1200, 1200, 64],
  ['declared 6000', 6000, 6000, 1024],
  ['unknown 1200', 1200, undefined, 256],
  ['unknown 6000', 6000, undefined, 1024],
  ['unknown 300', 300, undefined, 256],
] as const) {
  it(name, async () => {
    const clock = createVirtualClock();
    const sim = createProviderSimulator({ clock, seed: 3, requestsPerMinute: rpm, failing: 0.02, resetting: 0.01, hanging: 0.01 });
    const d = createDispatcher({ concurrency, requestsPerMinute: declared, timeoutMs: 60000, attempts: 5, seed: 1, clock, hedge: { quantile: 0.99, share: 0.03 } });
    const n = Number(process.env['N'] ?? 2000);
    const t = Date.now();
    const ends: number[] = [];
    const results = await clock.run(Promise.all(Array.from({ length: n }, (_, i) => d.call(sim.model, ask(`q${i}`), `k${i}`).then((r) => (ends.push(clock.now()), r)))));
    const seconds = clock.now() / 1000;
    const limit = rpm / 60;
    const sorted = ends.sort((a, b) => a - b);
    console.log(name, JSON.stringify({ ok: results.filter((r) => r.reply).length, seconds, useful: n / seconds / limit / 0.96, tail: (sorted[n-1]! - sorted[Math.floor(n*0.98)]!)/1000, ...sim.counts, most: sim.mostInFlight, dup: [...sim.answers.values()].filter((x) => x > 1).length, wall: Date.now() - t }));
  });
}
