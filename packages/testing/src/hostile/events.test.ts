import { expect, it } from 'vitest';
import { answerHostileEvent, hostileEvent } from './events.js';

// npm run bench:fuzz -- --events 100000 does the same for longer.
it('reads mutated events without a crash, and answers every sample', async () => {
  let read = 0;
  for (let n = 0; n < 3000; n++) read += await answerHostileEvent(hostileEvent(1, n));
  expect(read).toBeGreaterThan(300);
});
