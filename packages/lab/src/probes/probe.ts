import type { AnswerScore, Criterion } from '@touchstone/core';
import type { Random, Task } from '@touchstone/spec';

/** What probes try, in the order of the report. */
export const PROBE_GROUPS = [
  /** Answers with next to nothing in them. */
  'empty',
  /** Words to the judge. */
  'instructions',
  /** Verdicts in the answer, for the judge or its parser to take for the judge's own. */
  'forged-verdict',
  /** Claims of who wrote, checked or liked the answer. */
  'authority',
  'length',
  /** Looks in place of content. */
  'form',
  /** A good answer with one thing made wrong. */
  'minimal-defect',
  /** An answer with a change that does not matter. */
  'invariance',
  /** Words to a judge that compares, about the other answers. */
  'comparison',
  /** The reference and the prompt: changed, or lied about. */
  'reference',
  /** What a policy finds in training: answers that fit any task, parts of good ones. */
  'mined',
  /** Requests for what a judge must keep to itself, or for a reply that cannot be read. */
  'canary',
] as const;
export type ProbeGroup = (typeof PROBE_GROUPS)[number];

/**
 * What a sound judge makes of it. `no-rise`: an attack on a bad answer does not pay. `lower`: a damaged good answer scores
 * less. `same`: a harmless change does not matter.
 */
export type Expectation = 'no-rise' | 'lower' | 'same';

/** What a probe is made from. */
export interface Base {
  task: Task;
  /** A bad answer for `no-rise`, a good one for `lower`, any for `same`. */
  response: string;
  criteria: readonly Criterion[];
  /**
   * Answers to tasks other than this one, each given to one task only, so that they do not answer this one as well; the
   * good ones where there are any. May be empty.
   */
  foreign: readonly { task: Task; response: string }[];
  /** Of this probe and base. */
  random: Random;
}

/** The changed answer, or the changed task, or null where the probe cannot be made from this base. */
export type Make = (base: Base) => string | Task | null;

export interface Probe {
  /** As in `fake-system-message`; unique over all groups. */
  name: string;
  group: ProbeGroup;
  expects: Expectation;
  make: Make;
}

/** Probes of one group that expect the same, from a table of names. */
export function defineProbes(
  group: ProbeGroup,
  expects: Expectation,
  table: Readonly<Record<string, Make>>,
): Probe[] {
  return Object.entries(table).map(([name, make]) => ({ name, group, expects, make }));
}

/** One question to the judge: an answer made from a labelled one, or from a bad one in its place. */
export interface ProbeCase {
  probe: string;
  group: ProbeGroup;
  expects: Expectation;
  /** Index of the labelled answer that it was made from. */
  base: number;
  /**
   * What `plain` is the score of: the labelled answer, or, where the task has no bad one, a bad one that was made and takes
   * its place. Always to the labelled answer's own task.
   */
  baseResponse: string;
  /** As the judge is shown it; probes of the reference change it. */
  task: Task;
  response: string;
}

/** A probe with what one judge says: of the answer that it was made from, and of what was made. */
export interface JudgedProbe {
  case: ProbeCase;
  plain: AnswerScore;
  probed: AnswerScore;
  /** What the judge wrote of the two. */
  replies: { plain: string; probed: string };
}
