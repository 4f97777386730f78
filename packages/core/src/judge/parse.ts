import type { CriterionVerdict } from '@touchstone/spec';
import { jsonrepair } from 'jsonrepair';
import { duplicateKey } from '../text/duplicate-key.js';
import { isRecord, own } from '../text/json-value.js';
import { partAround } from '../text/thinking.js';
import { lastObjectWith, lengthProblem, type FoundObject } from './extract.js';
import type { Criterion } from './criterion.js';
import { scaleRange, toScore, weightedMean } from './score.js';

/** Part of every fingerprint: raise it when the same reply would be read differently. */
export const PARSER_VERSION = 2;

/** Repairing costs more than parsing; a reply that needs more tries than this is not one. */
const MAX_REPAIRS = 8;
/** The time of a repair grows with the square of the length. */
const MAX_REPAIRED_CHARACTERS = 40_000;
/** A stated total may be rounded to one decimal. */
const ROUNDING = 0.05;

export interface ParsedReply {
  /** One entry per criterion, in the order of the rubric. */
  criteria: CriterionVerdict[];
  /** The reply states a total that its criteria do not give. */
  mismatch: boolean;
}

/**
 * Reads a judge's reply (see `findReply`). Every criterion must be there exactly once with a score on its scale;
 * anything else is a problem, never a guess.
 */
export function parseReply(
  text: string,
  { marker, criteria }: { marker: string; criteria: readonly Criterion[] },
): ParsedReply | { problem: string } {
  const found = findReply(text, marker);
  return 'problem' in found ? found : readVerdicts(found.value, criteria);
}

/** Drafts that are compared with the verdict. */
const MAX_DRAFTS = 8;
/** After a verdict: that it is none. */
const TAKEN_BACK =
  /\bI(?:['’]d| would)? (?:rather not|cannot|can not|can['’]t|will not|won['’]t|refuse to|decline to|am (?:unable|not able) to|['’]m (?:unable|not able) to)\b(?![^.\n]{0,30}\b(?:higher|full|perfect|better|more|lower)\b)[^.\n]{0,20}\b(?:give|provide|assign|judge|rate|score|grade|assess|evaluate|decide)\b|\b(?:disregard|ignore|scrap|discard) (?:the|this|that|my)(?: \w+)? (?:draft|verdict|object|json|scores?|above|reply)\b/i;

/**
 * The last complete JSON object in `text` that carries the marker as its `id`, where nothing says that it is not the
 * verdict: it stands in no thought, and neither a thought, nor an object that was begun, nor a refusal follows it, and no
 * other such object says something else. If the object is not valid JSON, that slice alone is repaired (quotes, commas,
 * line breaks); then `start`, its place in the text, is absent.
 */
export function findReply(
  text: string,
  marker: string,
): { value: Fields; slice: string; start?: number } | { problem: string } {
  const tooLong = lengthProblem(text);
  if (tooLong) return tooLong;
  let repairs = 0;
  const found = lastObjectWith(text, marker, [
    (slice) => readObject(slice, marker),
    (slice) => {
      const read = repairs++ < MAX_REPAIRS ? readObject(repaired(slice), marker) : undefined;
      return read && { ...read, isRepaired: true };
    },
  ]);
  if (found === undefined) return { problem: `no complete JSON object with the id "${marker}" in the reply` };
  if ('problem' in found.value) return found.value;
  const { value, slice } = found.value;
  const objection = objectionTo({ ...found, value }, text, marker);
  if (objection !== undefined) return { problem: objection };
  return { value, slice, ...('isRepaired' in found.value ? {} : { start: found.start }) };
}

/** Why an object that carries the marker is no verdict. */
function objectionTo(found: FoundObject<Fields>, text: string, marker: string): string | undefined {
  const part = partAround(text, found);
  if ('problem' in part) return `the only verdict is a draft: ${part.problem}`;
  const rest = text.slice(found.end);
  const brace = rest.indexOf('{');
  if (brace >= 0 && rest.includes(marker, brace)) return 'another verdict is begun after the first one';
  if (TAKEN_BACK.test(rest)) return 'the verdict is taken back';
  let earlier = text.slice(part.from, found.start);
  for (let n = 0; n < MAX_DRAFTS; n++) {
    const draft = lastObjectWith(earlier, marker, [(slice) => readObject(slice, marker)]);
    if (draft === undefined) return undefined;
    if ('problem' in draft.value || decided(draft.value.value) !== decided(found.value))
      return 'the reply states several verdicts';
    earlier = earlier.slice(0, draft.start);
  }
  return 'the reply states too many verdicts';
}

/** What an object says without the words that explain it. */
function decided(value: Fields): string {
  const words = ['evidence', 'reason', 'evidence_a', 'evidence_b'];
  return JSON.stringify(value, (key, inner: unknown) => (words.includes(key) ? undefined : inner));
}

export type Fields = Record<string, unknown>;

/** The object that `json` is, if it carries the marker; undefined for anything else. */
function readObject(
  json: string,
  marker: string,
): { value: Fields; slice: string } | { problem: string } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined; // Not JSON: the caller tries the next slice, then a repaired one.
  }
  if (!isRecord(value) || own(value, 'id') !== marker) return undefined;
  if (duplicateKey(json) !== undefined) return { problem: 'a key occurs twice in one object of the reply' };
  return { value, slice: json };
}

/** The slice as JSON where that can be had by repairing its quotes, commas and line breaks; else as it is. */
function repaired(slice: string): string {
  if (slice.length > MAX_REPAIRED_CHARACTERS) return slice;
  try {
    return jsonrepair(slice);
  } catch {
    return slice;
  }
}

/** The verdicts of one object of a reply, in the order of the criteria. */
export function readVerdicts(
  reply: Fields,
  criteria: readonly Criterion[],
): ParsedReply | { problem: string } {
  const entries = own(reply, 'verdicts');
  if (!Array.isArray(entries)) return { problem: '"verdicts" is not a list' };
  const found = new Map<string, CriterionVerdict>();
  for (const entry of entries as unknown[]) {
    if (!isRecord(entry)) return { problem: 'an entry of "verdicts" is not an object' };
    const name = own(entry, 'criterion');
    const criterion = criteria.find((one) => one.name === name);
    if (!criterion) return { problem: `unknown criterion ${show(name)}` };
    if (found.has(criterion.name)) return { problem: `criterion "${criterion.name}" is there twice` };
    const value = readScore(own(entry, 'score'), criterion);
    if (value === undefined)
      return { problem: `${criterion.name}: ${show(own(entry, 'score'))} is not on its scale` };
    const evidence = own(entry, 'evidence') ?? '';
    const reason = own(entry, 'reason') ?? '';
    if (typeof evidence !== 'string' || typeof reason !== 'string') {
      return { problem: `${criterion.name}: evidence and reason must be strings` };
    }
    found.set(criterion.name, {
      criterion: criterion.name,
      evidence,
      reason,
      value,
      score: toScore(criterion, value),
    });
  }
  const verdicts: CriterionVerdict[] = [];
  for (const { name } of criteria) {
    const verdict = found.get(name);
    if (!verdict) return { problem: `criterion "${name}" is missing` };
    verdicts.push(verdict);
  }
  return { criteria: verdicts, mismatch: contradicts(own(reply, 'total'), criteria, verdicts) };
}

/** The value on the criterion's own scale (Boolean as 0 or 1), or undefined when it is not on it. */
function readScore(score: unknown, criterion: Criterion): number | undefined {
  if (criterion.scale === 'boolean') return typeof score === 'boolean' ? Number(score) : undefined;
  const { min, max } = scaleRange(criterion);
  const onScale = typeof score === 'number' && Number.isInteger(score) && score >= min && score <= max;
  // −0 is 0: it would not survive being stored.
  return onScale ? score + 0 : undefined;
}

/** A stated total is compared with the weighted mean of the values on their own scales. */
function contradicts(
  total: unknown,
  criteria: readonly Criterion[],
  verdicts: readonly CriterionVerdict[],
): boolean {
  if (total === undefined || total === null) return false;
  const mean = weightedMean(verdicts.map(({ value }, i) => ({ value, weight: criteria[i]!.weight })));
  return typeof total !== 'number' || Math.abs(total - mean) > ROUNDING + 1e-9;
}

export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
