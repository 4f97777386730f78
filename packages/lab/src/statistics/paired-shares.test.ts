import { random } from '@touchstone/spec';
import { describe, expect, it } from 'vitest';
import { pairedShareDifference } from './paired-shares.js';

const changesOf = (n: number, lost: number, gained: number): (-1 | 0 | 1)[] =>
  Array.from({ length: n }, (_, i) => (i < lost ? -1 : i < lost + gained ? 1 : 0));
const each = (changes: readonly unknown[]): string[] => changes.map((_, i) => `${i}`);

describe('the difference of two shares over the same cases', () => {
  it('never gets better by losing a case', () => {
    for (const n of [20, 60, 150, 400]) {
      const lows = [0, 1, 2, 3, 5, 8, 13].map(
        (lost) => pairedShareDifference(changesOf(n, lost, 0), each(changesOf(n, 0, 0)))!.low,
      );
      expect(lows).toEqual(lows.toSorted((a, b) => b - a));
    }
  });

  it('turns over with the versions', () => {
    const changes = changesOf(80, 9, 4);
    const turned = changes.map((change) => -change as -1 | 0 | 1);
    const [a, b] = [changes, turned].map((of) => pairedShareDifference(of, each(of))!);
    expect([-b!.high, -b!.mean, -b!.low]).toEqual(
      [a!.low, a!.mean, a!.high].map((end) => expect.closeTo(end, 12)),
    );
  });

  it('holds the truth as often as it says, and its lower end is rarely above it', () => {
    const { next } = random(3, 'paired-shares');
    for (const [n, lost, gained] of [
      [60, 0.01, 0.01],
      [60, 0.1, 0.05],
      [200, 0.02, 0],
      [200, 0.3, 0.3],
    ] as const) {
      let [held, above] = [0, 0];
      const runs = 1000;
      for (let run = 0; run < runs; run++) {
        const changes = Array.from({ length: n }, (): -1 | 0 | 1 => {
          const draw = next();
          return draw < lost ? -1 : draw < lost + gained ? 1 : 0;
        });
        const { low, high } = pairedShareDifference(changes, each(changes))!;
        const truth = gained - lost;
        held += Number(low <= truth && truth <= high);
        above += Number(low > truth);
      }
      expect(held / runs).toBeGreaterThan(0.93);
      expect(above / runs).toBeLessThan(0.04);
    }
  });
});
