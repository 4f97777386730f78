import { applyAbstentionPolicy, type RewardFunction } from '@touchstone/core';
import {
  InputError,
  RunError,
  ABSTENTION_REASONS,
  type AbstentionReason,
  type Reward,
  type Rollout,
  type Task,
} from '@touchstone/spec';
import { sha256 } from '@touchstone/store';
import { localPolicy } from '../workspace/local-policy.js';
import type { Workspace } from '../workspace/workspace.js';
import type { DrawnAnswer, DrawnStep } from './backend.js';
import { tasksToTrain, type TrainedGroup } from './step.js';

/** A trainer computes with 32 bits. */
const ROUNDING = 1e-4;

/** Rewards of answers that a trainer outside draws: given to it when it asks, and again when its step is stored. */
export interface DrawnRewards {
  /** What the trainer is given. Of what it sends, nothing but the task's id, its messages and the answer counts. */
  reward: RewardFunction;
  /**
   * A step as run.db keeps it.
   *
   * @throws {RunError} it is not the step of this run: other tasks, other numbers of answers, other rewards than were given.
   */
  toGroups(step: DrawnStep): Promise<TrainedGroup[]>;
  /** Resolves when the judge has answered all that it was asked: it is paid for, and whoever goes on draws the same answers. */
  settled(): Promise<void>;
}

type Part = Pick<Workspace, 'config' | 'data' | 'policy' | 'reward'>;

/** @throws {InputError} two tasks have one id: what a trainer sends back could not be told apart. */
export function drawnRewards(workspace: Part): DrawnRewards {
  const { data, reward } = workspace;
  const tasks = tasksById(data.train);
  /** Of the groups that were scored in this process and are not stored yet: an abstention is in no cache. */
  const given = new Map<string, Reward[]>();

  const pending = new Set<Promise<unknown>>();

  const known = ({ task: sent }: Rollout): Task => {
    const task = tasks.get(sent.id);
    if (task && JSON.stringify(task.messages) === JSON.stringify(sent.messages)) return task;
    const what = task ? 'with other messages' : 'by its id';
    throw new InputError([{ message: `task ${sent.id}: this run does not train on it ${what}` }]);
  };

  return {
    reward: {
      // Whoever has asked may be killed while the judge is asked: what has been paid for is waited for, and found by the next.
      async score(rollouts, { onDone } = {}) {
        const own = rollouts.map((rollout) => {
          const task = known(rollout);
          return { ...rollout, task, response: openingOf(workspace, task) + rollout.response };
        });
        const scoring = reward.score(own, onDone && { onDone });
        pending.add(scoring);
        const rewards = await scoring.finally(() => pending.delete(scoring));
        for (const members of groupsOf(own)) {
          given.set(
            keyOf(members.map((i) => own[i]!)),
            members.map((i) => rewards[i]!),
          );
        }
        return rewards;
      },
    },
    settled: async () => void (await Promise.allSettled(pending)),
    async toGroups(step) {
      const rollouts_P_G = rolloutsOf(workspace, step);
      const missing = rollouts_P_G.filter((rollouts_G) => !given.has(keyOf(rollouts_G)));
      // The judge's replies are in the cache: what an earlier process gave costs nothing again.
      const scored = await reward.score(missing.flat());
      let start = 0;
      for (const rollouts_G of missing) {
        given.set(keyOf(rollouts_G), scored.slice(start, (start += rollouts_G.length)));
      }
      const groups = rollouts_P_G.map((rollouts_G, p): TrainedGroup => {
        const { answers_G } = step.groups_P[p]!;
        const rewards_G = given
          .get(keyOf(rollouts_G))!
          .map((one, i) => asGiven(one, answers_G[i]!, `step ${step.step}, ${rollouts_G[i]!.id}`));
        return {
          rollouts_G: rollouts_G.map((rollout, i) => ({ rollout, tokens: { length: answers_G[i]!.tokens } })),
          rewards_G,
          scores_G: applyAbstentionPolicy(rewards_G, workspace.config.reward.abstention.policy),
        };
      });
      for (const rollouts_G of rollouts_P_G) given.delete(keyOf(rollouts_G));
      assertSameMean(step, groups);
      return groups;
    },
  };
}

/** Places of the rollouts of each group. */
function groupsOf(rollouts: readonly Rollout[]): number[][] {
  const groups = new Map<string, number[]>();
  rollouts.forEach(({ group }, i) => groups.set(group, [...(groups.get(group) ?? []), i]));
  return [...groups.values()];
}

function tasksById(tasks: readonly Task[]): Map<string, Task> {
  const byId = new Map<string, Task>();
  for (const task of tasks) {
    if (byId.has(task.id)) {
      throw new InputError([
        {
          message: `data.train: two tasks have the id ${task.id}; a trainer outside this process needs one of its own for each`,
        },
      ]);
    }
    byId.set(task.id, task);
  }
  return byId;
}

function openingOf(workspace: Part, { messages }: Task): string {
  const policy = localPolicy(workspace);
  return policy.opening(policy.tokenizer.encodeChat(messages));
}

/** Answers to one task that are judged together; the same ones have the same rewards, in whatever step. */
function keyOf(rollouts_G: readonly Pick<Rollout, 'task' | 'response'>[]): string {
  const text = JSON.stringify(rollouts_G.map(({ task, response }) => [task.id, response]));
  return sha256(text);
}

/** @throws {RunError} these are not the answers of this step. */
function rolloutsOf(workspace: Part, { step, groups_P }: DrawnStep): Rollout[][] {
  const { prompts_per_step, group_size } = workspace.config.training;
  const tasks = tasksToTrain(workspace, step);
  const expected = tasks.map(({ id }) => id).join(', ');
  const found = groups_P.map(({ task }) => task).join(', ');
  if (found !== expected) {
    throw new RunError(
      `the trainer says of step ${step} that it was about the tasks ${found || 'none'}; expected ${expected}: ` +
        'these are not the steps of this run, or some were left out',
    );
  }
  return groups_P.map(({ answers_G }, place) => {
    if (answers_G.length !== group_size) {
      throw new RunError(
        `the trainer says of step ${step} that it drew ${answers_G.length} answers to task ${place + 1} of ${prompts_per_step}; expected ${group_size}`,
      );
    }
    const task = tasks[place]!;
    const opening = openingOf(workspace, task);
    return answers_G.map(({ text, finish }, index) =>
      localPolicy(workspace).answered(task, opening + text, finish, { name: `rft@${step}`, place, index }),
    );
  });
}

/**
 * The reward as the trainer was given it. What was an abstention then has one now only because the judge can be reached again:
 * it is kept as the abstention that was trained on.
 *
 * @throws {RunError} another number.
 */
function asGiven(reward: Reward, { score, reason }: DrawnAnswer, where: string): Reward {
  if (score === null) {
    if (reward.status === 'abstained') return reward;
    const { components, verdicts, usage } = reward;
    return { status: 'abstained', ...reasonOf(reason), components, verdicts, usage };
  }
  if (reward.status === 'scored' && Math.abs(reward.score - score) < 1e-9) return reward;
  const now =
    reward.status === 'scored'
      ? `is ${reward.score} now`
      : `cannot be had now (${reward.reason}: ${reward.detail})`;
  throw new RunError(
    `${where}: the trainer was given the reward ${score}, which ${now}. ` +
      'A judge must say the same of the same answer, or its replies must be kept; nothing is stored of this step. ' +
      'If the judge was out of reach, run the same command again; else choose another folder with --out.',
  );
}

/** Of the words that a client writes: `reason: detail`. */
function reasonOf(said: string): { reason: AbstentionReason; detail: string } {
  const colon = said.indexOf(':');
  const word = ABSTENTION_REASONS.find((one) => one === said.slice(0, Math.max(0, colon)));
  return word
    ? { reason: word, detail: said.slice(colon + 1).trim() }
    : { reason: 'transport', detail: said };
}

/** @throws {RunError} the trainer has logged another mean: it has learned from other rewards than those it was given. */
function assertSameMean({ step, loggedReward }: DrawnStep, groups: readonly TrainedGroup[]): void {
  const scores = groups.flatMap(({ scores_G }) => scores_G.filter((score) => score !== null));
  if (loggedReward === null || scores.length === 0) return;
  const mean = scores.reduce((a, b) => a + b, 0) / scores.length;
  if (Math.abs(mean - loggedReward) <= ROUNDING) return;
  throw new RunError(
    `the trainer has logged a mean reward of ${loggedReward} in step ${step}; what it was given has the mean ${mean}: ` +
      'it has not learned from the rewards of this run',
  );
}
