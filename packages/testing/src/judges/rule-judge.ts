import type { JsonValue } from '@touchstone/spec';
import { userTextOf, type Asked, type Reply, type Respond } from '../provider/asked.js';
import { markerOf, sectionOf } from './prompt.js';

/** Judges one candidate: a score for each criterion by its name, or a reply as it is. */
export type Rule = (candidate: string, asked: Asked) => Record<string, JsonValue> | string;

/**
 * A rubric judge by rule: it reads the candidate and the reply id out of the prompt, as a model has to, and gives the
 * candidate itself as evidence.
 *
 * @param more what else the reply says, such as its tokens.
 */
export function ruleJudge(rule: Rule, more: Partial<Reply> = {}): Respond {
  return (asked) => {
    const prompt = userTextOf(asked);
    const candidate = candidateOf(asked);
    const scores = rule(candidate, asked);
    if (typeof scores === 'string') return { ...more, text: scores };
    const verdicts = Object.entries(scores).map(([criterion, score]) => ({
      criterion,
      evidence: candidate,
      reason: 'by rule',
      score,
    }));
    return { ...more, text: JSON.stringify({ id: markerOf(prompt), verdicts }) };
  };
}

/** The candidate that a question is about. */
export const candidateOf = (asked: Asked): string => sectionOf(userTextOf(asked), 'candidate');

/** Finds "Useful" what says "good", and writes no JSON about what says "garbled". */
export const goodIsUseful: Respond = ruleJudge(
  (candidate) => (candidate.includes('garbled') ? 'no JSON' : { Useful: candidate.includes('good') }),
  { inputTokens: 100, outputTokens: 10 },
);
