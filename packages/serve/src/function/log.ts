import { NO_USAGE } from '@touchstone/spec';
import type { NovaSample } from './nova/event.js';
import type { NovaResult } from './nova/score.js';
import type { Outcome } from '../scoring/score-within.js';

/** What the function's log has of one sample, as one JSON line. It never holds a prompt, an answer or a key. */
export interface SampleLine {
  kind: 'sample';
  request_id: string;
  id: string | number;
  aggregate_reward_score: number;
  status: Outcome['status'] | 'no-response';
  gated_by?: string;
  reason?: string;
  detail?: string;
  /** Parts of the score and flags by name. */
  metrics: Record<string, number>;
  judge_calls: number;
  saved_calls: number;
  input_tokens: number;
  output_tokens: number;
}

/** What was wrong with a reply may quote it, and with it the document; these reasons are about the call alone. */
const QUOTED_BY = new Set(['unparseable', 'gate']);

export function sampleLine(
  requestId: string,
  sample: NovaSample,
  outcome: Outcome,
  result: NovaResult,
): SampleLine {
  const usage = outcome.status === 'failed' ? NO_USAGE : outcome.usage;
  const isSilent = sample.rollout === null && sample.problem === undefined;
  return {
    kind: 'sample',
    request_id: requestId,
    id: sample.id,
    aggregate_reward_score: result.aggregate_reward_score,
    status: isSilent ? 'no-response' : outcome.status,
    ...(outcome.status === 'scored' && outcome.gatedBy !== undefined ? { gated_by: outcome.gatedBy } : {}),
    ...(outcome.status === 'abstained' ? { reason: outcome.reason } : {}),
    ...(outcome.status === 'failed' || (outcome.status === 'abstained' && !QUOTED_BY.has(outcome.reason))
      ? { detail: outcome.detail }
      : {}),
    metrics: Object.fromEntries(result.metrics_list.map(({ name, value }) => [name, value])),
    judge_calls: usage.calls,
    saved_calls: usage.saved,
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
  };
}
