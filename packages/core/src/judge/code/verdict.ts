import { NO_USAGE, type Task, type Usage, type Verdict } from '@touchstone/spec';
import { isRecord, own } from '../../text/json-value.js';
import type { Criterion } from '../criterion.js';
import { readVerdicts, show, type Fields } from '../parse.js';
import { scoreCriteria } from '../score.js';

/**
 * What the module of a judge of one's own exports as its default. It is given copies, without `truth`: all answers of a
 * group where the configuration says `compares: true`, else one. It gives one verdict for each, in order.
 */
export type CodeJudge = (
  rollouts: { id: string; task: Omit<Task, 'truth'>; response: string }[],
  /** `repeat` counts from 0 when the same is asked again; what comes after `signal` aborts is dropped. */
  options: { repeat: number; signal: AbortSignal },
) => CodeVerdict[] | Promise<CodeVerdict[]>;

/**
 * What such a judge says of one answer: a score, 0–1; where the configuration has criteria, a verdict on each of them
 * (the score is then computed from their weights and vetoes); or why it cannot say.
 */
export type CodeVerdict =
  | number
  | { score: number; evidence?: string; reason?: string; usage?: Partial<Usage> }
  | {
      verdicts: { criterion: string; score: number | boolean; evidence?: string; reason?: string }[];
      usage?: Partial<Usage>;
    }
  | { abstained: string; usage?: Partial<Usage> };

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
/** What a verdict says, without whose it is. */
export type VerdictContent = DistributiveOmit<Verdict, 'judge' | 'key' | 'raw'>;

/**
 * Reads what a module gave for one answer. A score beyond 0–1 or off its scale, a criterion that is missing, twice or
 * unknown, and whatever else is not understood is a problem, never a guess.
 */
export function readCodeVerdict(
  value: unknown,
  criteria: readonly Criterion[],
): { verdict: VerdictContent; usage: Usage } | { problem: string } {
  const fields = typeof value === 'number' ? { score: value } : value;
  if (!isRecord(fields)) return { problem: `expected a number or an object, got ${show(value)}` };
  const usage = readUsage(own(fields, 'usage'));
  if ('problem' in usage) return usage;
  const verdict = Object.hasOwn(fields, 'abstained')
    ? readAbstention(fields)
    : criteria.length > 0
      ? readCriteria(fields, criteria)
      : readScore(fields);
  return 'problem' in verdict ? verdict : { verdict, usage };
}

function readAbstention(fields: Fields): VerdictContent | { problem: string } {
  const detail = own(fields, 'abstained');
  if (typeof detail !== 'string') return { problem: `abstained: expected why, got ${show(detail)}` };
  return unknownKey(fields, ['abstained']) ?? { status: 'abstained', reason: 'refusal', detail };
}

function readCriteria(fields: Fields, criteria: readonly Criterion[]): VerdictContent | { problem: string } {
  const parsed = readVerdicts(fields, criteria);
  if ('problem' in parsed) return parsed;
  const scored = { status: 'scored', ...parsed, ...scoreCriteria(criteria, parsed.criteria) } as const;
  return unknownKey(fields, ['verdicts']) ?? scored;
}

function readScore(fields: Fields): VerdictContent | { problem: string } {
  const score = own(fields, 'score');
  if (typeof score !== 'number' || !(score >= 0 && score <= 1))
    return { problem: `score: expected a number from 0 to 1, got ${show(score)}` };
  const [evidence = '', reason = ''] = [own(fields, 'evidence'), own(fields, 'reason')];
  if (typeof evidence !== 'string' || typeof reason !== 'string')
    return { problem: 'evidence and reason must be strings' };
  const rationale = evidence === '' && reason === '' ? {} : { rationale: { evidence, reason } };
  const status = 'scored' as const;
  const scored = { status, score, criteria: [], mismatch: false, ...rationale };
  return unknownKey(fields, ['score', 'evidence', 'reason']) ?? scored;
}

function readUsage(given: unknown): Usage | { problem: string } {
  if (given === undefined) return NO_USAGE;
  if (!isRecord(given)) return { problem: `usage: expected an object, got ${show(given)}` };
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(NO_USAGE, name)) return { problem: `usage: unknown key "${name}"` };
    if (typeof value !== 'number' || value < 0)
      return { problem: `usage.${name}: expected 0 or more, got ${show(value)}` };
  }
  return { ...NO_USAGE, ...given };
}

function unknownKey(fields: Fields, known: readonly string[]): { problem: string } | undefined {
  const key = Object.keys(fields).find((one) => one !== 'usage' && !known.includes(one));
  return key === undefined ? undefined : { problem: `unknown key "${key}", expected ${known.join(', ')}` };
}
