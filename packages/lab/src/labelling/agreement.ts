import type { Criterion, LabelledAnswer } from '@touchstone/core';
import type { Estimate } from '@touchstone/spec';

import { noEvidence } from '../validation/evidence.js';
import { type KappaPair, pooledKappaInterval } from '../validation/findings/kappa.js';
import { rate, ratersOf } from '../validation/ratings.js';
import type { Opinion } from '../validation/readings.js';
import { type Draw, weightsOfLabelled } from './draw.js';

/** How far two agree. */
export interface Agreement {
  between: [string, string];
  /** Answers that both have labelled. */
  answers: number;
  /** Quadratically weighted κ over all criteria, with its interval over tasks; null where too little is known. */
  kappa: Estimate | null;
}

export interface LabelAgreement {
  people: Agreement[];
  /** Each person with the judge; none where no verdict of a judge is known. */
  judge: Agreement[];
}

/** What the judge is called beside people. */
const JUDGE = 'the judge';

/**
 * How far people agree with one another and with the judge, for the whole of what the sample was drawn from.
 *
 * @param labelled what each has said (`raters`), as it stands in the labelled file.
 * @param opinionOf what the judge said of an answer, by its place.
 */
export function agreementOfLabels(
  labelled: readonly LabelledAnswer[],
  {
    draw,
    criteria,
    opinionOf,
  }: { draw: Draw; criteria: readonly Criterion[]; opinionOf: (place: number) => Opinion | null },
): LabelAgreement {
  const answers = labelled.map((answer, place) => {
    const opinion = opinionOf(place);
    return { answer, repeats: opinion ? [opinion] : [], heldout: null };
  });
  const evidence = {
    ...noEvidence({ criteria, compares: false, models: [], hasHeldout: false, repeats: 1, variants: [] }),
    answers,
  };
  const names = ratersOf(answers);
  const ratings = rate(evidence);
  const between = (
    pair: [string, string],
    of: (people: (number | null)[], judge: number | null) => [number | null, number | null],
  ): Agreement => {
    const places = new Set<number>();
    const pairs = ratings.flatMap(({ task, criterion, answer, people, judge }): KappaPair[] => {
      const [a, b] = of(people, judge?.score ?? null);
      if (a === null || b === null) return [];
      places.add(answer);
      return [{ task, criterion, pair: [a, b] }];
    });
    const ofTask = new Map<string, number>();
    for (const place of places) {
      const { id } = labelled[place]!.task;
      ofTask.set(id, (ofTask.get(id) ?? 0) + 1);
    }
    const kappa = pooledKappaInterval(pairs, weightsOfLabelled(draw, ofTask));
    return { between: pair, answers: places.size, kappa };
  };
  return {
    people: names.flatMap((a, i) =>
      names.slice(i + 1).map((b, j) => between([a, b], (people) => [people[i]!, people[i + 1 + j]!])),
    ),
    judge: answers.some(({ repeats }) => repeats.length > 0)
      ? names.map((name, i) => between([name, JUDGE], (people, judge) => [people[i]!, judge]))
      : [],
  };
}
