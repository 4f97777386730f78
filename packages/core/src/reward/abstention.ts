import { RunError, type AbstentionPolicy, type Reward } from '@touchstone/spec';

/** The score the article gives to what could not be judged. */
const NEUTRAL = 0.5;

/**
 * Scores of one group of rollouts, with each abstention as the policy has it. `null` leaves the rollout out: it must
 * count neither in the group's mean and deviation nor in the loss. `group-mean` of a group without a single score
 * leaves all out, since there is nothing to take the mean of.
 *
 * @param rewards_G one group, in order.
 * @throws {RunError} under `fail`, when anything in the group abstained.
 */
export function applyAbstentionPolicy(
  rewards_G: readonly Reward[],
  policy: AbstentionPolicy,
): (number | null)[] {
  const scores = rewards_G.flatMap((reward) => (reward.status === 'scored' ? [reward.score] : []));
  const substitute = (reward: Reward & { status: 'abstained' }): number | null => {
    switch (policy) {
      case 'mask':
        return null;
      case 'group-mean':
        return scores.length === 0 ? null : scores.reduce((a, b) => a + b, 0) / scores.length;
      case 'neutral':
        return NEUTRAL;
      case 'fail':
        throw new RunError(
          `a rollout has no reward (${reward.reason}: ${reward.detail}) and reward.abstention.policy is "fail"; ` +
            `mend the judge and run again, or choose "mask"`,
        );
    }
  };
  return rewards_G.map((reward) => (reward.status === 'scored' ? reward.score : substitute(reward)));
}
