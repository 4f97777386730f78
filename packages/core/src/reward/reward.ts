import { NO_USAGE, type Reward, type RewardComponent, type Rollout } from '@touchstone/spec';
import type { Judge, Judgement } from '../judge/judge.js';
import type { CheckContext } from '../checks/check.js';
import { mapInSlices } from '../slices.js';
import { createCheck } from '../checks/index.js';
import { createAnswerReader, type Answer } from './answer-policy.js';
import { composeReward } from './compose.js';
import { withControlTokens } from './control-tokens.js';
import { groupsOf, untilAborted } from './groups.js';
import { judgeComponents } from './judge-components.js';
import { asShown } from './shown.js';
import type { RewardConfig } from './schema.js';

export interface ScoreOptions {
  /** Told of each reward as it is ready, in any order. */
  onDone?: (reward: Reward, index: number) => void;
  /** When it aborts, what is not judged yet becomes an abstention at once, and no more calls are made for it. */
  signal?: AbortSignal;
}

export interface RewardFunction {
  /**
   * Rewards of the rollouts, in their order: of what `reward.answer` takes for the answer in each response. Rollouts with the same `group` are judged as one group by a judge that
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
  const readAnswer = createAnswerReader(config);

  /** The reward of one answer. `judgement` is null where the judge was not asked. */
  function rewardOf(checked: RewardComponent[], judgement: Judgement | null): Reward {
    const { verdicts, usage } = judgement ?? NOTHING;
    const components =
      judge === null ? checked : [...checked, ...judgeComponents(judge, judgement, judgeShare)];
    const gatedBy = rule.gatedBy(checked);
    if (gatedBy !== undefined) {
      // A failed gate makes the reward 0, whatever the parts.
      const parts = components.map((part) => ({ ...part, contribution: 0 }));
      return { status: 'scored', score: 0, gatedBy, components: parts, verdicts, usage };
    }
    if (judgement?.answer.status === 'abstained') return { ...judgement.answer, components, verdicts, usage };
    return { status: 'scored', ...rule.total(components), verdicts, usage };
  }

  /** What the judge says of answers that no gate has refused. */
  async function judgeGroup(
    shown: Rollout[],
    signal: AbortSignal | undefined,
  ): Promise<(Judgement | null)[]> {
    if (judge === null || !rule.usesJudge || shown.length === 0) return shown.map(() => null);
    return untilAborted(
      (heeded) => judge.judge(shown, { signal: heeded }),
      signal,
      () => shown.map(() => LATE),
    );
  }

  /** Rewards of rollouts that are judged together: a group, or one alone. Those behind a gate are not shown. */
  async function scoreGroup(asWritten_G: Rollout[], signal: AbortSignal | undefined): Promise<Reward[]> {
    // From here on there is nothing but the answers: no part of the reward sees more than another.
    const answers_G = asWritten_G.map(({ response }) => readAnswer(response));
    const rollouts_G = asWritten_G.map((rollout, i) => ({ ...rollout, response: answers_G[i]!.text }));
    const running = rollouts_G.map((rollout, i) =>
      rule.runChecks({ ...rollout, repaired: answers_G[i]!.repaired }),
    );
    const ready = running.filter((one): one is RewardComponent[] => !(one instanceof Promise));
    // The user's own code may take longer than there is time; the rest is there at once, so that gates hold.
    const checked_G =
      ready.length === running.length
        ? ready
        : await untilAborted(
            () => Promise.all(running.map(async (one) => one)),
            signal,
            () => null,
          );
    if (checked_G === null) return rollouts_G.map(() => ({ ...TIMED_OUT, components: [], ...NOTHING }));
    const isShown = checked_G.map((checked) => rule.gatedBy(checked) === undefined);
    const judgements = await judgeGroup(rollouts_G.filter((_, i) => isShown[i]).map(asShown), signal);
    let next = 0;
    return checked_G.map((checked, i) => {
      const judgement = isShown[i] ? judgements[next++]! : null;
      const reward = noted(rewardOf(checked, judgement), answers_G[i]!);
      return judgement === null ? reward : withControlTokens(reward, asShown(rollouts_G[i]!));
    });
  }

  return {
    async score(rollouts, { onDone, signal } = {}) {
      const rewards: Reward[] = [];
      const groups = judge?.compares ? groupsOf(rollouts) : rollouts.map((_, index) => [index]);
      await mapInSlices(groups, async (indices) => {
        const scored = await scoreGroup(
          indices.map((index) => rollouts[index]!),
          signal,
        );
        indices.forEach((index, i) => {
          rewards[index] = scored[i]!;
          onDone?.(scored[i]!, index);
        });
      });
      return rewards;
    },
  };
}

/** The reward with what is odd about the answer, at every part that it costs something. */
function noted(reward: Reward, { note }: Answer): Reward {
  if (note === undefined) return reward;
  const components = reward.components.map((part) =>
    part.score === 1 ? part : { ...part, detail: [part.detail, note].filter(Boolean).join('; ') },
  );
  return { ...reward, components };
}

/** What the judge says of an answer whose time is up. */
const TIMED_OUT = {
  status: 'abstained',
  reason: 'timeout',
  detail: 'not judged before the deadline',
} as const;
const NOTHING = { verdicts: [], usage: NO_USAGE };
const LATE: Judgement = { answer: TIMED_OUT, ...NOTHING };
