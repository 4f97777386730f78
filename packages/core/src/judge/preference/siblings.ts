import { addUsage, NO_USAGE } from '@touchstone/spec';
import type { DistinctAnswers } from '../distinct.js';
import { NOTHING_TO_JUDGE, type JudgedRollout, type Judgement } from '../judge.js';
import { expectedScore, fitStrengths, type Game, type Strengths } from './bradley-terry.js';
import type { Comparison } from './compare.js';
import { uncalledVerdict, verdictOf } from './verdict.js';

/** A comparison of two distinct answers of a group, by their places. */
interface Played {
  i: number;
  j: number;
  comparison: Comparison;
}

const ALONE: Judgement = {
  answer: {
    status: 'abstained',
    reason: 'alone',
    detail: 'there is no other answer to compare it with; set against: reference to judge single answers',
  },
  verdicts: [],
  usage: NO_USAGE,
};

/**
 * What the comparisons within a group say of each of its answers.
 *
 * @param options.judge fingerprint of the judge.
 * @param options.quorum share of its comparisons, 0–1, without which an answer has no score.
 */
export function judgementsOfSiblings(
  rollouts_G: readonly JudgedRollout[],
  { answers_D, places_G }: DistinctAnswers,
  played: readonly Played[],
  { judge, quorum }: { judge: string; quorum: number },
): Judgement[] {
  const fit = fitStrengths(answers_D.length, played.flatMap(gameOf));
  return rollouts_G.map((_, g): Judgement => {
    const place = places_G[g]!;
    if (place < 0) return NOTHING_TO_JUDGE;
    const others = rollouts_G.flatMap(({ id }, index) =>
      index === g ? [] : [{ id, place: places_G[index]! }],
    );
    if (others.length === 0) return ALONE;
    const mine = played.filter(({ i, j }) => i === place || j === place);
    const asked = mine.map(({ i, j, comparison }) => {
      const [side, opponent] = i === place ? [0 as const, j] : [1 as const, i];
      return verdictOf(comparison, side, { judge, against: [answers_D[opponent]!.id] });
    });
    const uncalled = others
      .filter((other) => other.place < 0 || other.place === place)
      .map((other) => uncalledVerdict(other.place < 0 ? 'win' : 'tie', { judge, against: [other.id] }));
    const verdicts = [...asked, ...uncalled];
    // Each comparison is paid for once: by the first rollout with the text that was named first.
    const usage = mine
      .filter(({ i }) => i === place && places_G.indexOf(place) === g)
      .reduce((sum, { comparison }) => addUsage(sum, comparison.usage), NO_USAGE);
    const missing = asked.find((verdict) => verdict.status === 'abstained');
    const judged = asked.filter(({ status }) => status === 'scored').length;
    if (missing?.status === 'abstained' && judged < Math.max(1, quorum * asked.length)) {
      const detail = `${judged} of ${asked.length} comparisons judged: ${missing.detail}`;
      return { answer: { status: 'abstained', reason: missing.reason, detail }, verdicts, usage };
    }
    const score = standing(
      fit,
      place,
      others.map((other) => other.place),
    );
    return { answer: { status: 'scored', score }, verdicts, usage };
  });
}

function gameOf({ i, j, comparison: { outcome } }: Played): Game[] {
  if (outcome === undefined) return [];
  return [{ a: i, b: j, outcome: outcome === 'win' ? 'a' : outcome === 'loss' ? 'b' : 'tie' }];
}

/** What an answer can expect of a comparison, averaged over the others: it beats blank ones, and ties with its copies. */
function standing(fit: Strengths, place: number, others: readonly number[]): number {
  const expected = others.map((other) =>
    other < 0 ? 1 : other === place ? 0.5 : expectedScore(fit, place, other),
  );
  return expected.reduce((sum, one) => sum + one, 0) / expected.length;
}
