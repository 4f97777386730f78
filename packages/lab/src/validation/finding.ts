import type { Estimate } from '@touchstone/spec';

import type { Evidence } from './evidence.js';

/** What a gate asks of a finding: the least that the interval's lower end, or the most that its upper end, must keep to. */
export type Threshold = { min: number } | { max: number };

/** One figure about a judge, before a gate says what it should have been. */
export interface Finding {
  /** `flip_rate`, or `flip_rate.CRITERION` for a part of it. */
  name: string;
  description: string;
  /** Null for insufficient data. */
  estimate: Estimate | null;
  /** What the default gate asks. Absent: the figure is only reported, unless the configuration asks something of it. */
  gate?: Threshold;
  /** Fewer units than this show nothing, whatever the interval says. Default: `LEAST_UNITS`. */
  least?: number;
  /** Why this cannot be measured of this judge, or with what is configured; then the default gate does not ask for it. */
  absent?: string | undefined;
  /** What to know of the figure; said where the gate has nothing else to say. */
  note?: string | undefined;
  /** Why a figure on the wrong side of the threshold shows nothing about the judge: it is insufficient data then, and no failure. */
  doubt?: string | undefined;
  /** Why it does not pass, whatever it is: what it should be of was not asked in full. Insufficient data then, where it has not failed. */
  incomplete?: string | undefined;
}

/** Findings on one question about a judge. */
export interface FindingFamily {
  /** Under which reports put them together. */
  name: string;
  /** The question that they answer, for people. */
  title: string;
  /**
   * True where every figure takes the weights of the evidence into account, or is of nothing that was drawn. The others are shown only
   * the tasks that all had the same chance to be drawn.
   */
  weighs?: true;
  /**
   * Of no evidence it gives every finding by its name, without a figure.
   *
   * @param seed of what is drawn, such as folds.
   */
  find(evidence: Evidence, seed: number): Finding[];
}
