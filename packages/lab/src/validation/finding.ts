import type { Estimate } from '@touchstone/spec';

/** One figure about a judge, before a gate says what it should have been. */
export interface Finding {
  /** `flip_rate`, or `flip_rate.CRITERION` for a part of it. */
  name: string;
  description: string;
  /** Null for insufficient data. */
  estimate: Estimate | null;
}
