import { NO_USAGE, type Reward, type RewardComponent, type Rollout, type Verdict } from '@touchstone/spec';
import type { Judge } from '../judge/judge.js';
import { answerScore, weightedMean } from '../judge/score.js';
import type { Check } from './check.js';
import { createCheck } from './checks/index.js';
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

  async function scoreOne(rollout: Rollout): Promise<Reward> {
    const checked = checks.map((check) => runCheck(check, rollout, totalWeight));
    const gatedBy = checks.find((check, i) => check.gate && (checked[i]!.score ?? 0) < 1)?.name;
    if (gatedBy !== undefined) {
      const components = [...checked, ...judgeComponents(judge, null, [], config.judge_weight / totalWeight)];
      return { status: 'scored', score: 0, gatedBy, components, verdicts: [], usage: NO_USAGE };
    }
    const { verdicts, usage } = await judge.judge(rollout);
    const answer = answerScore(verdicts);
    const judged = answer.status === 'scored' ? answer.score : null;
    const components = [
      ...checked,
      ...judgeComponents(judge, judged, verdicts, config.judge_weight / totalWeight),
    ];
    if (answer.status === 'abstained') return { ...answer, components, verdicts, usage };
    const counted = components.filter(({ kind }) => kind !== 'criterion');
    const score = weightedMean(counted.map((part) => ({ value: part.score ?? 0, weight: part.weight })));
    return { status: 'scored', score: clamp(score), components, verdicts, usage };
  }

  return {
    score: (rollouts, { onDone } = {}) =>
      Promise.all(
        rollouts.map(async (rollout, index) => {
          const reward = await scoreOne(rollout);
          onDone?.(reward, index);
          return reward;
        }),
      ),
  };
}

function runCheck(check: Check, rollout: Rollout, totalWeight: number): RewardComponent {
  return { name: check.name, kind: 'check', weight: check.weight / totalWeight, ...check.evaluate(rollout) };
}

/** The judge as a whole, and each criterion: its mean over the items, null where any of them abstained. */
function judgeComponents(
  judge: Judge,
  score: number | null,
  verdicts: readonly Verdict[],
  weight: number,
): RewardComponent[] {
  const whole: RewardComponent = { name: 'judge', kind: 'judge', score, weight };
  if (score !== null && verdicts.length === 0) whole.detail = 'nothing to judge: expected a non-empty answer';
  const criteria = judge.criteria.map(({ name }): RewardComponent => {
    if (score === null) return { name, kind: 'criterion', score: null, weight: 0 };
    const values = verdicts.flatMap((verdict) =>
      verdict.status === 'scored'
        ? verdict.criteria.filter((one) => one.criterion === name).map((one) => one.score)
        : [],
    );
    const mean = values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length;
    return { name, kind: 'criterion', score: mean, weight: 0 };
  });
  return [whole, ...criteria];
}

/** Rounding in the sum must not leave 0–1. */
function clamp(score: number): number {
  return Math.min(1, Math.max(0, score));
}
