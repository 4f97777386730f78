import type { CriterionVerdict, ModelReply, TokenLogprob } from '@touchstone/spec';
import type { Criterion } from '../criterion.js';
import { findReply } from '../parse.js';
import { scaleRange, toScore } from '../score.js';

/** Alternatives on the scale must hold this much of the probability; else they say little about the score. */
const MIN_MASS = 0.5;

/**
 * The verdicts with each score replaced by its expected value over the alternatives of its score token,
 * Σ p(v)·v / Σ p(v) over the values v of the scale that are among them (G-Eval, Liu et al. 2023, §2.3), and with the
 * entropy of that distribution over the logarithm of the number of values. A criterion keeps its written score where
 * the reply has no log-probabilities, its score token cannot be found, or numbers of the scale are not one token each
 * (1 and 10); `note` then says so.
 */
export function weighByLogprobs(
  verdicts: readonly CriterionVerdict[],
  criteria: readonly Criterion[],
  reply: ModelReply,
  marker: string,
): { verdicts: CriterionVerdict[]; note?: string } {
  const logprobs = reply.logprobs ?? [];
  const unweighed = (why: string) => ({ verdicts: [...verdicts], note: `written scores count: ${why}` });
  if (logprobs.length === 0) return unweighed('the provider gave no log-probabilities');
  const found = findReply(reply.text, marker);
  if ('problem' in found || found.start === undefined) return unweighed('the reply had to be repaired');
  const written = logprobs.map(({ token }) => token).join('');
  // Thinking that the provider keeps out of the text may come before it.
  const before = written.length - reply.text.length;
  if (!written.endsWith(reply.text)) return unweighed('the tokens are not those of the reply');

  const places = scorePlaces(found.slice);
  const failed: string[] = [];
  const weighed = verdicts.map((verdict) => {
    const criterion = criteria.find(({ name }) => name === verdict.criterion)!;
    const place = places.get(verdict.criterion);
    const token = place === undefined ? undefined : tokenAt(logprobs, before + found.start! + place);
    const distribution = token && distributionOf(token, criterion);
    if (!distribution) {
      failed.push(verdict.criterion);
      return verdict;
    }
    return { ...verdict, score: toScore(criterion, distribution.mean), entropy: distribution.entropy };
  });
  const note =
    failed.length > 0
      ? { note: `written scores count for ${failed.join(', ')}: no usable log-probabilities` }
      : {};
  return { verdicts: weighed, ...note };
}

/** Where in `json`, a reply that is valid JSON, the score of each criterion stands. */
function scorePlaces(json: string): Map<string, number> {
  const places = new Map<string, number>();
  const open: { isList: boolean; key: string }[] = [];
  let key = '';
  let entry: { criterion?: string; place?: number } = {};
  for (const match of json.matchAll(/("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]|[^\s{}[\],:"]+/g)) {
    const [token, string, colon] = match;
    // An object in the list `verdicts` of the reply.
    const isEntry = open.length === 3 && open[1]!.isList && open[1]!.key === 'verdicts' && !open[2]!.isList;
    if (token === '{' || token === '[') open.push({ isList: token === '[', key });
    else if (token === '}' || token === ']') {
      if (isEntry) {
        if (entry.criterion !== undefined && entry.place !== undefined)
          places.set(entry.criterion, entry.place);
        entry = {};
      }
      open.pop();
    } else if (colon !== undefined) key = JSON.parse(string!) as string;
    else if (isEntry && key === 'criterion' && string !== undefined)
      entry.criterion = JSON.parse(string) as string;
    else if (isEntry && key === 'score' && string === undefined) entry.place = match.index;
  }
  return places;
}

/** The token that `offset` falls into, and what of it comes before. */
function tokenAt(
  logprobs: readonly TokenLogprob[],
  offset: number,
): { token: TokenLogprob; before: string } | undefined {
  let end = 0;
  for (const token of logprobs) {
    const start = end;
    end += token.token.length;
    if (offset < end) return { token, before: token.token.slice(0, offset - start) };
  }
  return undefined;
}

function distributionOf(
  { token, before }: { token: TokenLogprob; before: string },
  criterion: Criterion,
): { mean: number; entropy: number } | undefined {
  const values = valuesOf(criterion);
  if (values === undefined) return undefined;
  // The written token may be missing from its alternatives, or be listed among them.
  const seen = new Map([...token.alternatives, token].map((one) => [one.token, one.logprob]));
  const mass = new Map<number, number>();
  for (const [text, logprob] of seen) {
    if (!text.startsWith(before)) continue;
    const value = readValue(text.slice(before.length), values);
    if (value !== undefined && logprob <= 0) mass.set(value, (mass.get(value) ?? 0) + Math.exp(logprob));
  }
  const total = [...mass.values()].reduce((sum, p) => sum + p, 0);
  if (!(total >= MIN_MASS)) return undefined;
  let mean = 0;
  let entropy = 0;
  for (const [value, p] of mass) {
    mean += (value * p) / total;
    if (p > 0) entropy -= (p / total) * Math.log(p / total);
  }
  // Rounding must leave neither the scale nor 0–1.
  const { min, max } = scaleRange(criterion);
  return {
    mean: Math.min(max, Math.max(min, mean)),
    entropy: Math.min(1, Math.max(0, entropy / Math.log(values.size))),
  };
}

/** The scale's values by the text they are written as; undefined when one text begins another. */
function valuesOf(criterion: Criterion): Map<string, number> | undefined {
  if (criterion.scale === 'boolean')
    return new Map([
      ['true', 1],
      ['false', 0],
    ]);
  const { min, max } = scaleRange(criterion);
  return min >= 0 && max <= 9
    ? new Map(Array.from({ length: max - min + 1 }, (_, i) => [String(min + i), min + i]))
    : undefined;
}

/** A value at the start of a token, perhaps with the punctuation after it (`4}`), or a word's beginning (`tr`). */
function readValue(text: string, values: ReadonlyMap<string, number>): number | undefined {
  const [word] = /^[A-Za-z0-9]+/.exec(text) ?? [];
  if (word === undefined) return undefined;
  const whole = values.get(word);
  if (whole !== undefined) return whole;
  for (const [name, value] of values)
    if (name.length > 1 && text === word && name.startsWith(word)) return value;
  return undefined;
}
