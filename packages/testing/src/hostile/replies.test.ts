import { expect, it } from 'vitest';
import { hostileReply, readHostile } from './replies.js';

// npm run bench:fuzz -- --runs 1000000 does the same for longer.
it('reads random and mutated replies without a crash or a number out of range', () => {
  let read = 0;
  for (let n = 0; n < 5000; n++) read += readHostile(hostileReply(1, n));
  // Some mutants still say something: the readers are not merely refusing everything.
  expect(read).toBeGreaterThan(100);
});
