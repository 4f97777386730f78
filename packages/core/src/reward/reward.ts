import { NO_USAGE, type Reward, type RewardComponent, type Rollout, type Verdict } from '@touchstone/spec';
import type { Judge } from '../judge/judge.js';
import { answerScore } from '../judge/score.js';
import type { CheckContext } from './check.js';
import { createCheck } from './checks/index.js';
import { composeReward } from './compose.js';
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
 * The reward: every check first, then the judge unless a gate failed. How they make the score: see `composeReward`.
 * Criteria are reported with weight 0.
 *
 * @param judge null where the checks alone decide.
 * @param context what checks need: the configuration's folder above all.
 * @throws {InputError} when a file that a check names is missing or wrong, or nothing has a weight.
 */
export function createReward(
  config: RewardConfig,
  judge: Judge | null,
  context: CheckContext,
): RewardFunction {
  const checks = config.checks.map((check) => createCheck(check, context));
  const rule = composeReward(config, checks, judge !== null);
  const { judgeShare } = rule;

  async function scoreOne(rollout: Rollout): Promise<Reward> {
    const checked = await rule.runChecks(rollout);
    const gatedBy = rule.gatedBy(checked);
    if (gatedBy !== undefined) {
      const components = [...checked, ...judgeComponents(judge, null, [], judgeShare)].map(withoutPart);
      return { status: 'scored', score: 0, gatedBy, components, verdicts: [], usage: NO_USAGE };
    }
    if (judge === null || !rule.usesJudge)
      return { status: 'scored', ...rule.total(checked), verdicts: [], usage: NO_USAGE };
    const { verdicts, usage } = await judge.judge(rollout);
    const answer = answerScore(verdicts);
    const judged = answer.status === 'scored' ? answer.score : null;
    const components = [...checked, ...judgeComponents(judge, judged, verdicts, judgeShare)];
    if (answer.status === 'abstained') return { ...answer, components, verdicts, usage };
    return { status: 'scored', ...rule.total(components), verdicts, usage };
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

/** A failed gate makes the reward 0, whatever the parts. */
function withoutPart(component: RewardComponent): RewardComponent {
  return { ...component, contribution: 0 };
}

/** The judge as a whole, and each criterion: its mean over the items, null where any of them abstained. */
function judgeComponents(
  judge: Judge | null,
  score: number | null,
  verdicts: readonly Verdict[],
  weight: number,
): RewardComponent[] {
  if (judge === null) return [];
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
