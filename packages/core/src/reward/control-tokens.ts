import type { Reward, Rollout } from '@touchstone/spec';
import { breakControlTokens } from '../text/control-tokens.js';
import { textsOf } from '../text/task-path.js';

/**
 * A reward that says of what a judge was shown that control tokens were broken in it: how many the answer has, which is what
 * a policy learns to write, and, for people, how many the task has. Without any it is the same reward.
 */
export function withControlTokens(reward: Reward, { task, response }: Rollout): Reward {
  const inAnswer = breakControlTokens(response).broken;
  const inTask = textsOf(task).reduce((sum, text) => sum + breakControlTokens(text).broken, 0);
  if (inAnswer + inTask === 0) return reward;
  const found = `control tokens of chat templates were broken: ${inAnswer} in the answer, ${inTask} in the task`;
  return {
    ...reward,
    ...(inAnswer > 0 ? { controlTokens: inAnswer } : {}),
    components: reward.components.map((part) =>
      part.kind === 'judge' ? { ...part, detail: part.detail ? `${part.detail}; ${found}` : found } : part,
    ),
  };
}
