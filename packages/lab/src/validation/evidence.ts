import type { Verdict } from '@touchstone/spec';
import type { Criterion, LabelledAnswer, RegressionCase, VariantName } from '@touchstone/core';

import type { JudgedProbe } from '../probes/probe.js';
import { type JudgedAnswer, type Opinion, wasAsked } from './readings.js';

/** Everything that judges have said in an examination, so far: what findings are computed from. */
export interface Evidence {
  /** What the judge's verdicts name; none where it compares answers as a whole. */
  criteria: readonly Criterion[];
  /** Whether the judge compares the answers to a task with one another. */
  compares: boolean;
  /** The models that the judge asks, `provider:model`. */
  models: readonly string[];
  /** Whether there is a judge that is never trained against. */
  hasHeldout: boolean;
  /** How often each labelled answer is judged at most. */
  repeats: number;
  answers: readonly JudgedAnswer[];
  cases: readonly JudgedCase[];
  probes: readonly JudgedProbe[];
  /** The other ways in which the judge can be asked. */
  variants: readonly AskedVariant[];
}

export interface JudgedCase {
  case: RegressionCase;
  /** What the judge said of each of its answers, once for each repeat; none before it was asked. */
  repeats: Opinion[][];
}

export interface AskedVariant {
  name: VariantName;
  /** The judge's, on the scales that are asked for then. */
  criteria: readonly Criterion[];
  /** What the judge says when it is asked so, by the answer's place; of none before it was asked. */
  said: ReadonlyMap<number, Opinion>;
}

/** What is known of a judge before it is asked anything. */
export type AboutJudge = Omit<Evidence, 'answers' | 'cases' | 'probes'>;

/** Before anything was asked. */
export function noEvidence(
  about: AboutJudge,
  labelled: readonly LabelledAnswer[] = [],
  regression: readonly RegressionCase[] = [],
): Evidence {
  return {
    ...about,
    answers: labelled.map((answer) => ({ answer, repeats: [], heldout: null })),
    cases: regression.map((one) => ({ case: one, repeats: [] })),
    probes: [],
  };
}

/** Every verdict that the judge was asked for, on labelled answers and on cases. */
export function verdictsAsked({
  answers,
  cases,
}: Pick<Evidence, 'answers' | 'cases'>): { task: string; verdict: Verdict }[] {
  const said = [
    ...answers.map(({ answer, repeats }) => ({ task: answer.task.id, opinions: repeats })),
    ...cases.map(({ case: { task }, repeats }) => ({ task: task.id, opinions: repeats.flat() })),
  ];
  return said.flatMap(({ task, opinions }) =>
    opinions.flatMap(({ verdicts }) => verdicts.filter(wasAsked).map((verdict) => ({ task, verdict }))),
  );
}
