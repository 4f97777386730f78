import type { ComparisonOutcome, Verdict } from '@touchstone/spec';
import { OPPOSITE, OUTCOME_SCORE, type Comparison } from './compare.js';

/** Whose verdict it is, and what the answer was compared with. */
interface Place {
  judge: string;
  against: string[];
}

/** What a comparison says of its first answer (side 0) or of its second. */
export function verdictOf({ keys, raws, ...rest }: Comparison, side: 0 | 1, place: Place): Verdict {
  // The other side's key is another one, so that no count of distinct questions takes it for a repetition.
  const key = (side === 0 ? keys : keys.toReversed()).join('+');
  const raw = raws.join('\n');
  if (rest.outcome === undefined)
    return { ...place, key, raw, status: 'abstained', reason: rest.abstained, detail: rest.detail };
  const outcome = side === 0 ? rest.outcome : OPPOSITE[rest.outcome];
  const evidence = side === 0 ? rest.evidence.first : rest.evidence.second;
  const { preferred, score: toFirst } = rest;
  const scored = scoredAs(outcome, evidence, rest.reason);
  const score = toFirst === undefined ? scored.score : side === 0 ? toFirst : 1 - toFirst;
  return { ...place, key, raw, ...scored, score, ...(preferred && { preferred }) };
}

/** Against a copy or a blank answer: no model is needed to say how that ends. */
export function uncalledVerdict(outcome: 'win' | 'tie', place: Place): Verdict {
  const what = outcome === 'win' ? 'blank' : 'the same text';
  return { ...place, key: '', raw: '', ...scoredAs(outcome, '', `not asked: the other answer is ${what}`) };
}

function scoredAs(outcome: ComparisonOutcome, evidence: string, reason: string) {
  const status = 'scored' as const;
  const rationale = { evidence, reason };
  return { status, score: OUTCOME_SCORE[outcome], criteria: [], mismatch: false, outcome, rationale };
}
