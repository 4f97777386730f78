import type { Verdict } from '@touchstone/spec';
import type { Criterion, LabelledAnswer, RegressionCase, VariantName } from '@touchstone/core';

import type { JudgedProbe } from '../probes/probe.js';
import { meanOf } from '../statistics/values.js';
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
  /**
   * What the tasks of labelled answers stand for, by id, where they were drawn with different chances from more; 1 on average over the
   * answers. Absent: every task stands for itself.
   */
  weights?: ReadonlyMap<string, number> | undefined;
  /** How much was not asked because the judge's budget was used up, for people. Absent: nothing. */
  unasked?: string | undefined;
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
export type AboutJudge = Omit<Evidence, 'answers' | 'cases' | 'probes' | 'weights' | 'unasked'>;

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
    weights: weightsOfDraw(labelled),
  };
}

function weightsOfDraw(labelled: readonly LabelledAnswer[]): Evidence['weights'] {
  const drawn = labelled.flatMap(({ task, drawn: how }) =>
    how ? [{ id: task.id, weight: how.weight }] : [],
  );
  const [first] = drawn;
  if (!first || drawn.every(({ weight }) => weight === first.weight)) return undefined;
  const mean = meanOf(drawn.map(({ weight }) => weight));
  return new Map(drawn.map(({ id, weight }) => [id, weight / mean]));
}

/**
 * The part of the evidence that is about tasks which all had the same chance to be drawn: for figures that know no weights. All of it where
 * nothing was drawn with different chances.
 */
export function randomPart(evidence: Evidence): Evidence {
  if (!evidence.weights) return evidence;
  const { weights: _, answers, variants, ...rest } = evidence;
  const kept = answers.flatMap(({ answer }, place) => (answer.drawn?.random ? [place] : []));
  return {
    ...rest,
    answers: kept.map((place) => answers[place]!),
    variants: variants.map((variant) => ({
      ...variant,
      said: new Map(
        kept.flatMap((place, i) => (variant.said.has(place) ? [[i, variant.said.get(place)!]] : [])),
      ),
    })),
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
