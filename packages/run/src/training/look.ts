import { clusteredMeanInterval, gapSince, judgeScore, UNBOUNDED } from '@touchstone/lab';
import { random, type Reward, type Rollout } from '@touchstone/spec';
import type { RolloutRecord, StoredRollout } from '@touchstone/store';
import type { Policy, StepMetrics } from '@touchstone/train';
import { isHosted } from '@touchstone/train/schema';
import { evaluationOf } from '../stages/stages.js';
import type { Workspace } from '../workspace/workspace.js';
import { isAlone } from './winners.js';

/*
 * A look at a training from outside, between its steps: answers to held-out tasks, judged by both judges, and stored answers judged again. None of it
 * reaches the update. Everything is kept in run.db by its step, and judges' replies are in the cache, so a look that was had is not paid for again.
 */

/** What run.db keeps answers of looks under, and judgements of anchors: those of step 0 are from before training. */
const LOOK = 'watch rft';
const ANCHORS = 'watch anchors';

/** Repeats of examinations are below: a question of a look is in no cache until it was asked there. */
const FIRST_REPEAT = 1000;

/** Judges the anchors as they are before training; what the examination asked of them is in the cache. */
export async function lookBefore(workspace: Workspace): Promise<void> {
  if (hasAnchors(workspace)) await anchorsAt(workspace, 0);
}

/** Judgements that the looks of a training take, at most; those of its winners among them. */
export function plannedLooks(workspace: Pick<Workspace, 'config' | 'data' | 'heldout'>): {
  judge: number;
  heldout: number;
} {
  const { config, data, heldout } = workspace;
  const { every, tasks, anchors, winners } = config.monitors;
  const { steps, prompts_per_step, backend } = config.training;
  const looks = every === 0 ? 0 : Math.floor(steps / every);
  const watches = heldout !== null && backend === 'embedded';
  const watched = watches ? looks * Math.min(tasks, data.eval.length) : 0;
  const labelled = new Set(data.labelled.map(({ task }) => task.id)).size;
  // The answers of a service's training are seen by nobody here.
  const compared =
    heldout !== null && !isHosted(backend) ? 2 * steps * Math.min(winners, prompts_per_step) : 0;
  return { judge: watched + looks * Math.min(anchors, labelled), heldout: watched + compared };
}

/**
 * Figures of a look after a step, by metric; none where it is no step to look at.
 *
 * @param policy as the step has left it; null: a trainer outside has it, and only anchors can be looked at.
 */
export async function lookAfter(
  workspace: Workspace,
  step: number,
  policy: (() => Policy) | null,
): Promise<StepMetrics> {
  const { every } = workspace.config.monitors;
  if (every === 0 || step % every !== 0) return {};
  return {
    ...(policy && workspace.heldout && (await heldoutFigures(workspace, step, policy()))),
    ...(hasAnchors(workspace) && (await anchorFigures(workspace, step))),
  };
}

async function heldoutFigures(workspace: Workspace, step: number, policy: Policy): Promise<StepMetrics> {
  const { config, data, store } = workspace;
  const tasks = random(config.seed, 'watched').shuffle(data.eval).slice(0, config.monitors.tasks);
  const records = await answered(workspace, step, policy, tasks);
  const watched = new Set(tasks.map(({ id }) => id));
  const base = store.rollouts(evaluationOf('base').name);
  const gap = gapSince(
    bothScores(base.filter(({ rollout }) => watched.has(rollout.task.id))),
    bothScores(records),
  );
  // Silence of the judge that is trained against is told of by its own monitor.
  const asked = records.filter(
    ({ reward, heldout }) => judgeScore(reward) !== null && !isAlone(heldout),
  ).length;
  const counts = { watched_asked: asked, watched_told: gap?.n ?? 0 };
  // Of a few that happen to have a verdict nothing is to be said.
  return gap === null || gap.n < tasks.length / 2 ? counts : { ...counts, ...gap.figures };
}

async function answered(
  { config, store, reward, heldout }: Workspace,
  step: number,
  policy: Policy,
  tasks: Workspace['data']['eval'],
): Promise<RolloutRecord[]> {
  const draws = { samples: 1, seed: config.seed, name: `watched@${step}` };
  const sampled = await policy.sample(tasks, config.policy, draws);
  const rollouts = sampled.map(({ rollout }) => rollout);
  const judged = await reward.score(rollouts);
  const second = await heldout!.reward.score(rollouts);
  const records = sampled.map(({ rollout, tokens }, i) => ({
    rollout,
    reward: judged[i]!,
    heldout: second[i]!,
    truth: null,
    tokens: tokens.length,
  }));
  store.putRollouts(LOOK, step, records);
  return records;
}

/** Scores of both judges, of the answers that have both. */
const bothScores = (records: readonly Pick<RolloutRecord, 'reward' | 'heldout'>[]): [number, number][] =>
  records.flatMap(({ reward, heldout }): [number, number][] => {
    const [a, b] = [judgeScore(reward), judgeScore(heldout)];
    return a === null || b === null ? [] : [[a, b]];
  });

const hasAnchors = ({ config: { monitors }, data }: Workspace): boolean =>
  monitors.every > 0 && monitors.anchors > 0 && data.labelled.length > 0;

async function anchorFigures(workspace: Workspace, step: number): Promise<StepMetrics> {
  const [before, now] = [await anchorsAt(workspace, 0), await anchorsAt(workspace, step)];
  const changes = before.flatMap(({ rollout, reward }, i) => {
    const [a, b] = [scoreOf(reward), scoreOf(now[i]?.reward ?? null)];
    return a === null || b === null ? [] : [{ change: b - a, task: rollout.task.id }];
  });
  const interval = clusteredMeanInterval(
    changes.map(({ change }) => change),
    changes.map(({ task }) => task),
    UNBOUNDED,
  );
  if (!interval) return {};
  const error = Math.max(interval.mean - interval.low, interval.high - interval.mean);
  return { anchor_shift: interval.mean, anchor_error: error };
}

const scoreOf = (reward: Reward | null): number | null => (reward?.status === 'scored' ? reward.score : null);

/** Judgements of the anchors at a step: those of run.db, or new ones. */
async function anchorsAt(
  { config, data, store, judge }: Workspace,
  step: number,
): Promise<(RolloutRecord | StoredRollout)[]> {
  const seen = store.rollouts(ANCHORS, step);
  if (seen.length > 0) return seen;
  const ids = [...new Set(data.labelled.map(({ task }) => task.id))];
  const groups = random(config.seed, 'anchors')
    .shuffle(ids)
    .slice(0, config.monitors.anchors)
    .map((id) => data.labelled.filter(({ task }) => task.id === id))
    // A judge that compares needs all of them; else another task says more than another answer.
    .map((answers) => (judge.compares ? answers : answers.slice(0, 1)));
  const records = await Promise.all(
    groups.map(async (answers) => {
      const rollouts = answers.map(({ task, response }, i): Rollout => {
        const group = `anchors@${step}/${task.id}`;
        return { id: `${group}/${i}`, task, response, finish: 'stop', group, policy: 'anchors' };
      });
      const judgements = await judge.judge(rollouts, { repeat: step === 0 ? 0 : FIRST_REPEAT + step });
      return rollouts.map((rollout, i): RolloutRecord => {
        const { answer, verdicts, usage } = judgements[i]!;
        const reward = { ...answer, components: [], verdicts, usage };
        return { rollout, reward, heldout: null, truth: null, tokens: 0 };
      });
    }),
  );
  store.putRollouts(ANCHORS, step, records.flat());
  return records.flat();
}
