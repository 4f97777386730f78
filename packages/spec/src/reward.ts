/** Why a judge has no verdict. A bad answer is never one of these: it is a low score. */
export const ABSTENTION_REASONS = [
  'transport',
  'rate-limit',
  'timeout',
  'refusal',
  'truncation',
  'unparseable',
  'budget',
  'gate',
  /** A judge that compares answers had nothing to compare this one with. */
  'alone',
] as const;
export type AbstentionReason = (typeof ABSTENTION_REASONS)[number];

/** What one criterion says of one answer or of one item of it. */
export interface CriterionVerdict {
  criterion: string;
  /** Where the criterion came with the task: the criterion of the judge that it is reported by. */
  category?: string;
  evidence: string;
  reason: string;
  /** On the criterion's own scale: 0 or 1 for Boolean, the written anchor (say 1–5) for graded. */
  value: number;
  /** `value` mapped to 0–1, where 1 is good; with log-probabilities their expected value, mapped to 0–1. */
  score: number;
  /** How undecided the judge was: entropy over the scale's values, 0 (certain) to 1 (uniform). Needs log-probabilities. */
  entropy?: number;
  /** The rule that set `value`, and what the judge had said. */
  overruled?: { by: string; value: number };
}

/** How two answers compare, from the side of the one that is judged, over both orders of showing them. */
export type ComparisonOutcome = 'win' | 'loss' | 'tie' | 'inconsistent';

/** Tokens and money of model calls. `money` is in US dollars, 0 where no price is declared. */
export interface Usage {
  calls: number;
  /** Calls that a cache or a call in flight answered. */
  saved: number;
  inputTokens: number;
  outputTokens: number;
  money: number;
}

interface VerdictBase {
  /** Fingerprint of the judge: model, prompt, parameters and parser. */
  judge: string;
  /** Which item of a list answer was judged (0-based); absent when the whole answer was. */
  item?: number;
  /**
   * Idempotency key: fingerprint, content and repeat index. Of several calls, joined by `+`; of a call on several
   * answers with `#` and which of them. Empty: no call was made.
   */
  key: string;
  /** The reply as the model wrote it; empty when none came; of several calls, one after the other. */
  raw: string;
  /** The member of a panel or a cascade that said this; absent for the judge's own verdict. */
  member?: string;
  /** What the answer was compared with: ids of rollouts, or `reference`. */
  against?: string[];
  /** For people: how the verdict came about where that is not the ordinary way. */
  note?: string;
}

export interface ScoredVerdict extends VerdictBase {
  status: 'scored';
  /** 0–1: the weighted mean of the criteria, computed here and not by the judge; or what a comparison comes to. */
  score: number;
  /** Empty where the answer was compared or scored as a whole. */
  criteria: CriterionVerdict[];
  /** The judge stated a total that its own criteria do not give. */
  mismatch: boolean;
  /** The veto criterion that made the score 0. */
  vetoedBy?: string;
  /** Of a comparison with one other answer. */
  outcome?: ComparisonOutcome;
  /** Of an inconsistent comparison: the place, of the two that answers are shown in, that won in both orders. Absent where a tie was said. */
  preferred?: 'first' | 'second';
  /** Of a ranking, among the answers that it was compared with: 1 is the best, equals share a rank. */
  rank?: number;
  /** Why, in the judge's words, where there are no criteria to say it. */
  rationale?: { evidence: string; reason: string };
}

export interface AbstainedVerdict extends VerdictBase {
  status: 'abstained';
  reason: AbstentionReason;
  /** For people: what came and what was expected. */
  detail: string;
}

export type Verdict = ScoredVerdict | AbstainedVerdict;

/** One named part of a reward: a check, the judge as a whole, one of its criteria, or a member of a panel or cascade. */
export interface RewardComponent {
  name: string;
  kind: 'check' | 'judge' | 'criterion' | 'member' | 'formula';
  /** 0–1; null when this part abstained or was not reached. */
  score: number | null;
  /** Share in the total; 0 for parts that are only reported. */
  weight: number;
  /**
   * What this part brought to the score: weight · score, less its penalty. The contributions of a scored reward sum to
   * its score. Absent where there is no score.
   */
  contribution?: number;
  detail?: string;
  /** What a member cost. */
  usage?: Usage;
}

interface RewardBase {
  components: RewardComponent[];
  /** Control tokens of chat templates in an answer that a judge was shown; it saw them broken. Absent: none. */
  controlTokens?: number;
  verdicts: Verdict[];
  usage: Usage;
}

/** The reward of one rollout. `score` is 0–1. */
export type Reward =
  | (RewardBase & {
      status: 'scored';
      score: number;
      /** The check that ended judging early, if one did. */
      gatedBy?: string;
    })
  | (RewardBase & { status: 'abstained'; reason: AbstentionReason; detail: string });

/** What an abstention becomes when a trainer needs it. `mask` leaves the rollout out of its group. */
export type AbstentionPolicy = 'mask' | 'group-mean' | 'neutral' | 'fail';

export const NO_USAGE: Usage = { calls: 0, saved: 0, inputTokens: 0, outputTokens: 0, money: 0 };

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    calls: a.calls + b.calls,
    saved: a.saved + b.saved,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    money: a.money + b.money,
  };
}
