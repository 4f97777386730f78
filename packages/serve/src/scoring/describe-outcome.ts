import type { ComparisonOutcome, JsonValue, RewardComponent, Usage, Verdict } from '@touchstone/spec';
import type { Outcome } from './outcome.js';

/** A reward as programs read it: `touchstone reward score --json` and `POST /v1/rewards`. */
export interface RewardRecord {
  id: string;
  /** `failed`: the task lacks what the reward needs. */
  status: 'scored' | 'abstained' | 'failed';
  /** 0–1; null unless scored. */
  score: number | null;
  /** The check that ended judging early, if one did. */
  gated_by?: string;
  reason?: string;
  detail?: string;
  /** Control tokens of chat templates in the answer, which the judge saw broken; absent: none. */
  control_tokens?: number;
  components: RewardComponent[];
  verdicts: VerdictRecord[];
  usage: {
    calls: number;
    saved: number;
    input_tokens: number;
    output_tokens: number;
    money: number | null;
  } | null;
  /** How many of its group were judged together, when the server gathered them from several requests. */
  group?: { size: number; expected: number; late: boolean };
}

interface VerdictRecord {
  /** 0-based; null when the whole answer was judged. */
  item: number | null;
  status: 'scored' | 'abstained';
  score: number | null;
  reason?: string;
  detail?: string;
  /** Empty where the answer was compared or scored as a whole; `rationale` says why then. */
  criteria: { criterion: string; evidence: string; reason: string; value: number; score: number }[];
  /** Of a comparison with one other answer. */
  outcome?: ComparisonOutcome;
  /** Among the answers that it was compared with: 1 is the best. */
  rank?: number;
  rationale?: { evidence: string; reason: string };
}

/** The record of an outcome, without the judge's raw replies. */
export function describeOutcome(id: string, outcome: Outcome): RewardRecord {
  const { status } = outcome;
  if (status === 'failed') {
    return {
      id,
      status,
      score: null,
      detail: outcome.detail,
      components: [],
      verdicts: [],
      usage: null,
      ...describeGroup(outcome),
    };
  }
  return {
    id,
    status,
    ...(status === 'scored'
      ? { score: outcome.score, ...(outcome.gatedBy === undefined ? {} : { gated_by: outcome.gatedBy }) }
      : { score: null, reason: outcome.reason, detail: outcome.detail }),
    ...(outcome.controlTokens === undefined ? {} : { control_tokens: outcome.controlTokens }),
    components: outcome.components,
    verdicts: outcome.verdicts.map(describeVerdict),
    usage: describeUsage(outcome.usage),
    ...describeGroup(outcome),
  };
}

function describeGroup({ gathered }: Outcome): Pick<RewardRecord, 'group'> {
  if (gathered === undefined) return {};
  const { size, expected, late } = gathered;
  return { group: { size, expected, late } };
}

function describeVerdict(verdict: Verdict): VerdictRecord {
  const { item = null, status } = verdict;
  if (status === 'abstained') {
    const { reason, detail } = verdict;
    return { item, status, score: null, reason, detail, criteria: [] };
  }
  const { score, criteria, outcome, rank, rationale } = verdict;
  return {
    item,
    status,
    score,
    criteria,
    ...(outcome === undefined ? {} : { outcome }),
    ...(rank === undefined ? {} : { rank }),
    ...(rationale === undefined ? {} : { rationale }),
  };
}

/** US dollars; null where models were asked and none has a price, so that nothing is known. */
export const knownMoney = ({ calls, money }: Pick<Usage, 'calls' | 'money'>): number | null =>
  calls > 0 && money === 0 ? null : money;

function describeUsage({ calls, saved, inputTokens, outputTokens, money }: Usage) {
  return {
    calls,
    saved,
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    money: knownMoney({ calls, money }),
  } satisfies Record<string, JsonValue>;
}
