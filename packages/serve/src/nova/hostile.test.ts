import { expect, it } from 'vitest';
import { hostileEvent, readHostileEvent } from './hostile.testing.js';

// npm run bench:fuzz -- --events 100000 does the same for longer.
it('reads mutated events without a crash, and every sample has an answer or a reason', () => {
  let read = 0;
  for (let n = 0; n < 3000; n++) read += readHostileEvent(hostileEvent(1, n));
  expect(read).toBeGreaterThan(300);
});
