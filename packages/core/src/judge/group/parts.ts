import { NO_USAGE, type CriterionVerdict, type Verdict } from '@touchstone/spec';
import type { ReadResult } from '../asking-judge.js';
import type { Criterion } from '../criterion.js';
import type { JudgedRollout, Judgement } from '../judge.js';
import { answerOf, scoreCriteria } from '../score.js';
import type { Ranked } from './parse.js';
import { scoresOfRanks } from './ranks.js';

/** What a reply says of one candidate. */
export type CandidateReply = Ranked | { criteria: CriterionVerdict[]; mismatch: boolean };

/** Answers of a group that were judged in one call: their places, and what was read of each, in the same order. */
export type JudgedPart = ReadResult<CandidateReply[]> & { places: number[] };

/**
 * What the parts of a group say of each of its distinct answers. What the calls cost is not in it.
 *
 * @param options.judge fingerprint of the judge.
 * @param options.blanks the group has blank answers too, which every ranked one beats.
 */
export function judgementsOfParts(
  answers_D: readonly JudgedRollout[],
  parts: readonly JudgedPart[],
  options: { judge: string; criteria: readonly Criterion[]; blanks: boolean },
): Judgement[] {
  const ranked = parts.flatMap(({ places, value: replies = [] }) => {
    const ranks = replies.flatMap((reply) => ('rank' in reply ? [reply.rank] : []));
    return ranks.length > 0 ? [{ places, ranks }] : [];
  });
  const scores_D = ranked.length > 0 ? scoresOfRanks(answers_D.length, ranked, options.blanks) : [];
  return answers_D.map((_, i) => {
    // With ranks one answer is in every part: the first that was read speaks for it.
    const own = parts.filter(({ places }) => places.includes(i));
    const part = own.find(({ value }) => value !== undefined) ?? own[0]!;
    const verdict: Verdict = {
      judge: options.judge,
      against: answers_D.filter((__, j) => j !== i && part.places.includes(j)).map(({ id }) => id),
      key: `${part.key}#${i}`,
      raw: part.raw,
      ...(part.value
        ? scored(part.value[part.places.indexOf(i)]!, scores_D[i] ?? null, options.criteria)
        : { status: 'abstained', reason: part.reason, detail: part.detail }),
    };
    return { answer: answerOf(verdict), verdicts: [verdict], usage: NO_USAGE };
  });
}

/** @param rankScore what the answer's ranks make of it, 0–1; null where it has none. */
function scored(reply: CandidateReply, rankScore: number | null, criteria: readonly Criterion[]) {
  const status = 'scored' as const;
  if (!('rank' in reply)) return { status, ...reply, ...scoreCriteria(criteria, reply.criteria) };
  const { rank, ...rationale } = reply;
  return { status, score: rankScore ?? 0, criteria: [], mismatch: false, rank, rationale };
}
