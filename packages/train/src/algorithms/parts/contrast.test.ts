import { describe, expect, it } from 'vitest';
import { hasZeroVariance } from './contrast.js';

describe('hasZeroVariance', () => {
  it('sees through rounding', () => {
    expect(hasZeroVariance([0.1 + 0.2, 0.3, null])).toBe(true);
    expect(hasZeroVariance([null, null])).toBe(true);
    expect(hasZeroVariance([0.3, 0.31])).toBe(false);
  });
});
