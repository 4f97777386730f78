import { NO_USAGE, type Reward, type RewardComponent, type Rollout } from '@touchstone/spec';
import type { Judge, Judgement } from '../judge/judge.js';
import { weightedMean } from '../judge/score.js';
import type { Check } from './check.js';
import { createCheck } from './checks/index.js';
import { groupsOf, untilAborted } from './groups.js';
import type { RewardConfig } from './schema.js';

export interface ScoreOptions {
  /** Told of each reward as it is ready, in any order. */
  onDone?: (reward: Reward, index: number) => void;
  /** When it aborts, what is not judged yet becomes an abstention at once, and no more calls are made for it. */
  signal?: AbortSignal;
}

export interface RewardFunction {
  /**
   * Rewards of the rollouts, in their order. Rollouts with the same `group` are judged as one group by a judge that
   * compares answers. Abstentions are rewards too (`status: 'abstained'`); see `applyAbstentionPolicy`.
   *
   * @throws {InputError} when a task lacks what a check or the judge needs.
   */
  score(rollouts: readonly Rollout[], options?: ScoreOptions): Promise<Reward[]>;
}

/**
 * The reward: every check first, then the judge unless a gate failed. The score is Σ wᵢ·sᵢ over the checks and the
 * judge, with weights normalised to sum to 1; a failed gate makes it 0. Criteria are reported with weight 0.
 *
 * @param options.baseDir folder of the configuration, for the files that checks name.
 * @throws {InputError} when such a file is missing or wrong.
 */
export function createReward(
  config: RewardConfig,
  judge: Judge,
  { baseDir }: { baseDir: string },
): RewardFunction {
  const checks = config.checks.map((check) => createCheck(check, baseDir));
  const totalWeight = checks.reduce((sum, check) => sum + check.weight, config.judge_weight);

  /** Checks one rollout. What a gate refuses has its reward, and the judge is not shown it. */
  function check(rollout: Rollout): { components: RewardComponent[]; gated?: Reward } {
    const components = checks.map((one) => runCheck(one, rollout, totalWeight));
    const gatedBy = checks.find((one, i) => one.gate && (components[i]!.score ?? 0) < 1)?.name;
    if (gatedBy === undefined) return { components };
    const parts = [...components, ...judgeComponents(judge, null, config.judge_weight / totalWeight)];
    const gated: Reward = {
      status: 'scored',
      score: 0,
      gatedBy,
      components: parts,
      verdicts: [],
      usage: NO_USAGE,
    };
    return { components, gated };
  }

  function combine(checked: RewardComponent[], judgement: Judgement): Reward {
    const { answer, verdicts, usage } = judgement;
    const components = [...checked, ...judgeComponents(judge, judgement, config.judge_weight / totalWeight)];
    if (answer.status === 'abstained') return { ...answer, components, verdicts, usage };
    const counted = components.filter(({ weight }) => weight > 0);
    const score = weightedMean(counted.map((part) => ({ value: part.score ?? 0, weight: part.weight })));
    return { status: 'scored', score: clamp(score), components, verdicts, usage };
  }

  /** Rewards of rollouts that are judged together: a group, or one alone. Those behind a gate are not shown. */
  async function scoreGroup(rollouts_G: Rollout[], signal: AbortSignal | undefined): Promise<Reward[]> {
    const checked_G = rollouts_G.map(check);
    const shown = rollouts_G.flatMap((rollout, i) => (checked_G[i]!.gated ? [] : [rollout]));
    const judgements =
      shown.length === 0
        ? []
        : await untilAborted(
            (heeded) => judge.judge(shown, { signal: heeded }),
            signal,
            () => shown.map(() => LATE),
          );
    let next = 0;
    return checked_G.map(({ components, gated }) => gated ?? combine(components, judgements[next++]!));
  }

  return {
    async score(rollouts, { onDone, signal } = {}) {
      const rewards: Reward[] = [];
      const groups = judge.compares ? groupsOf(rollouts) : rollouts.map((_, index) => [index]);
      await Promise.all(
        groups.map(async (indices) => {
          const scored = await scoreGroup(
            indices.map((index) => rollouts[index]!),
            signal,
          );
          indices.forEach((index, i) => {
            rewards[index] = scored[i]!;
            onDone?.(scored[i]!, index);
          });
        }),
      );
      return rewards;
    },
  };
}

/** What the judge says of an answer whose time is up. */
const LATE: Judgement = {
  answer: { status: 'abstained', reason: 'timeout', detail: 'not judged before the deadline' },
  verdicts: [],
  usage: NO_USAGE,
};

function runCheck(check: Check, rollout: Rollout, totalWeight: number): RewardComponent {
  return { name: check.name, kind: 'check', weight: check.weight / totalWeight, ...check.evaluate(rollout) };
}

/**
 * The judge as a whole; each criterion: its mean over the judge's own verdicts, null where it abstained or none names
 * it; and each member with what it cost. `judgement` is null where the judge was not asked.
 */
function judgeComponents(judge: Judge, judgement: Judgement | null, weight: number): RewardComponent[] {
  const score = judgement?.answer.status === 'scored' ? judgement.answer.score : null;
  const verdicts = (judgement?.verdicts ?? []).filter(({ member }) => member === undefined);
  const whole: RewardComponent = { name: 'judge', kind: 'judge', score, weight };
  const isEmpty = score !== null && verdicts.length === 0;
  if (isEmpty) whole.detail = 'nothing to judge: expected a non-empty answer';
  const criteria = judge.criteria.map(({ name }): RewardComponent => {
    const values = verdicts.flatMap((verdict) =>
      verdict.status === 'scored'
        ? verdict.criteria.filter((one) => one.criterion === name).map((one) => one.score)
        : [],
    );
    const mean = values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
    return { name, kind: 'criterion', score: score === null ? null : isEmpty ? 0 : mean, weight: 0 };
  });
  const members = (judgement?.members ?? []).map(({ name, answer, usage }): RewardComponent => ({
    name: `judge.${name}`,
    kind: 'member',
    score: answer?.status === 'scored' ? answer.score : null,
    weight: 0,
    ...(answer === null
      ? { detail: 'not asked' }
      : answer.status === 'abstained'
        ? { detail: `${answer.reason}: ${answer.detail}` }
        : {}),
    usage,
  }));
  return [whole, ...criteria, ...members];
}

/** Rounding in the sum must not leave 0–1. */
function clamp(score: number): number {
  return Math.min(1, Math.max(0, score));
}
