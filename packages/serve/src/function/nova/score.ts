import { mapInSlices, type RewardFunction } from '@touchstone/core';
import { NO_USAGE, type Reward } from '@touchstone/spec';
import { reportToStderr, type Report } from '../../scoring/notice.js';
import { noticeOf, scoreWithin, type Outcome } from '../../scoring/score-within.js';
import { NEUTRAL, numbersFor } from '../../scoring/stand-in.js';
import { parseSample, rowsOf, type NovaSample } from './event.js';

/** One entry of the answer, as Amazon Nova training and evaluation read it. */
export interface NovaResult {
  id: string | number;
  aggregate_reward_score: number;
  metrics_list: NovaMetric[];
}

export interface NovaMetric {
  name: string;
  value: number;
  /** `Reward`: a part of the score; `Metric`: reported only. */
  type: 'Metric' | 'Reward';
}

export interface NovaOptions {
  /**
   * What a sample counts as that has no verdict; the wire must carry a number. `neutral` (default): the middle of the
   * range. `group-mean`: the mean of the event's other samples with the same prompt, neutral where there is none.
   */
  abstention?: 'neutral' | 'group-mean';
  /** Milliseconds from now; what is not judged by then counts as abstained. Default: none. */
  deadlineMs?: number;
  /** When it aborts, what is not judged yet counts as abstained. */
  signal?: AbortSignal;
  /** What scores of 0 and 1 become on the wire. Default: 0 and 1. */
  range?: { min: number; max: number } | undefined;
  /** Told of every sample without a score. Default: a JSON line on standard error each. */
  report?: Report;
  /** Told of every sample with what it got, in order, for a log. */
  onSample?: (sample: NovaSample, outcome: Outcome, result: NovaResult) => void;
}

const NO_ANSWER: Reward = {
  status: 'scored',
  score: 0,
  components: [],
  verdicts: [],
  usage: NO_USAGE,
};

/**
 * Scores a reward event: one finite entry per sample, in order, ids as they came.
 *
 * Three metrics are on every entry, 0 or 1, so that their means are shares: `no_response` (no answer, which scores 0),
 * `judge_abstained` (no verdict) and `invalid_sample` (the sample cannot be read or lacks what the reward needs). The
 * last two carry the score that `abstention` says. Parts of the reward follow; those of an abstention count for nothing
 * and are metrics.
 *
 * @throws {InputError} only when no sample can be found in the event; never for a single sample.
 */
export async function scoreNovaEvent(
  event: unknown,
  reward: RewardFunction,
  options: NovaOptions = {},
): Promise<NovaResult[]> {
  const { abstention = 'neutral', range = { min: 0, max: 1 }, report = reportToStderr, onSample } = options;
  const samples = await mapInSlices(rowsOf(event), parseSample);
  const outcomes = await outcomesOf(samples, reward, options);
  const scores = scoresOf(samples, outcomes, abstention);
  return mapInSlices(samples, (sample, i) => {
    const outcome = outcomes[i]!;
    const notice = noticeOf(sample.id, outcome);
    if (notice !== undefined) report(notice);
    const result: NovaResult = {
      id: sample.id,
      aggregate_reward_score: range.min + scores[i]! * (range.max - range.min),
      metrics_list: [
        flag('no_response', sample.rollout === null && sample.problem === undefined),
        flag('judge_abstained', outcome.status === 'abstained'),
        flag('invalid_sample', outcome.status === 'failed'),
        ...partsOf(outcome),
      ],
    };
    onSample?.(sample, outcome, result);
    return result;
  });
}

async function outcomesOf(
  samples: readonly NovaSample[],
  reward: RewardFunction,
  { deadlineMs, signal }: NovaOptions,
): Promise<Outcome[]> {
  const rollouts = samples.flatMap(({ id, rollout, group }) =>
    rollout === null ? [] : [{ ...rollout, id: `${id}`, finish: 'stop' as const, group, policy: 'external' }],
  );
  const scored = (await scoreWithin(rollouts, reward, deadlineMs, signal ? { signal } : {})).values();
  return samples.map(({ rollout, problem }): Outcome => {
    if (problem !== undefined) return { status: 'failed', detail: problem };
    return rollout === null ? NO_ANSWER : scored.next().value!;
  });
}

/** Scores of 0–1, with what stands in for each that is missing. A sample that failed has no part in a group: it is neutral. */
function scoresOf(
  samples: readonly NovaSample[],
  outcomes: readonly Outcome[],
  abstention: 'neutral' | 'group-mean',
): number[] {
  const groups = samples.map(({ group }) => group);
  const numbers = numbersFor(outcomes, groups, abstention);
  return numbers.map((number, i) => (outcomes[i]!.status === 'failed' ? NEUTRAL : number));
}

function flag(name: string, isSo: boolean): NovaMetric {
  return { name, value: Number(isSo), type: 'Metric' };
}

function partsOf(outcome: Outcome): NovaMetric[] {
  if (outcome.status === 'failed') return [];
  return outcome.components.flatMap(({ name, score, weight }): NovaMetric[] => {
    if (score === null || !Number.isFinite(score)) return [];
    const counts = weight > 0 && outcome.status === 'scored';
    return [{ name, value: score, type: counts ? 'Reward' : 'Metric' }];
  });
}
