import { expect, it } from 'vitest';
import { createHedging } from './hedge.js';

it('keeps second calls for stragglers when others may have one because nothing else waits', () => {
  const hedging = createHedging({ quantile: 0.99, share: 0.1 });
  for (let n = 0; n < 128; n++) {
    hedging.onStart(n * 1000);
    hedging.onReply(n % 8 === 7 ? 5000 : 1000, n * 1000);
  }
  const [idle, busy] = [hedging.delayMs(true)!, hedging.delayMs(false)!];
  expect([idle, busy]).toEqual([5000, 5000]);
  let early = 0;
  while (hedging.takeOne(idle - 1)) early++;
  let late = 0;
  while (hedging.takeOne(busy)) late++;
  // 128 calls allow 12 second ones.
  expect([early, late]).toEqual([7, 5]);
});
