import type { Reward } from '@touchstone/spec';

/** How many answers of a group were judged together, when the group came in several requests. */
export interface Gathered {
  size: number;
  /** The group's size as the request or the server has it. */
  expected: number;
  /** The group had been judged without this answer: it came after its deadline. */
  late: boolean;
  /** Mean score of those that were judged together; null when none has a score. */
  mean: number | null;
}

/** The reward of one sample, or why it could not even be tried: neither the answer's fault nor the judge's. */
export type Outcome = (Reward | { status: 'failed'; detail: string }) & { gathered?: Gathered };
