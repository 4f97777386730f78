import {
  chooseCheckpoint,
  judgeScore,
  rankCheckpoints,
  type CheckpointChoice,
  type ScoredCheckpoint,
} from '@touchstone/lab';
import type { Workspace } from '../workspace/workspace.js';

/*
 * Which checkpoint of reinforcement the validation tasks speak for. All of it is read from run.db, so that a run that was killed decides as one
 * that was not.
 */

/** What run.db keeps answers to the validation tasks under, by the step of the checkpoint that gave them. */
export const VALIDATION = 'validate rft';

type Part = Pick<Workspace, 'store' | 'config' | 'heldout'>;

/**
 * Whether a checkpoint of this step is written however the training is watched. Only these are scored and chosen from: one that a pause has written is
 * there to go on from, and changes nothing of what comes out.
 */
export function isDue({ config }: Pick<Workspace, 'config'>, step: number): boolean {
  const { steps, checkpoint_every } = config.training;
  return step % checkpoint_every === 0 || step === steps;
}

/**
 * Scores of the checkpoints so far, by step: of the held-out judge where there is one, else of the judge.
 *
 * @param upTo leaves out later ones.
 * @throws {RunError} what is stored is damaged.
 */
export function scoredCheckpoints({ store, heldout }: Part, upTo = Infinity): ScoredCheckpoint[] {
  const checkpoints = new Map<number, Map<string, number>>();
  for (const { step, rollout, reward, heldout: second } of store.rollouts(VALIDATION)) {
    if (step > upTo) continue;
    const scores = checkpoints.get(step) ?? new Map<string, number>();
    checkpoints.set(step, scores);
    const score = judgeScore(heldout ? second : reward);
    if (score !== null) scores.set(rollout.task.id, score);
  }
  return [...checkpoints].map(([step, scores]) => ({ step, scores }));
}

/**
 * The checkpoint that the scores so far speak for, by `chooseCheckpoint`; its weights are on the disk (`checkpointOf`). Null without
 * `training.save_top_k`, and before the first is scored.
 *
 * @param upTo the step that training is at: a run that went back to an older checkpoint has scores of later ones, which are not there any more.
 */
export function bestCheckpoint(workspace: Part, upTo = Infinity): CheckpointChoice | null {
  const { save_top_k: kept } = workspace.config.training;
  return kept === undefined ? null : chooseCheckpoint(scoredCheckpoints(workspace, upTo), kept);
}

/** Steps of the checkpoints up to a step that have a score, in the order in which they are gone back to: the one that the scores speak for, then by score. */
export function stepsToGoBackTo(workspace: Part, upTo: number): number[] {
  const best = bestCheckpoint(workspace, upTo);
  if (!best) return [];
  const ranked = rankCheckpoints(scoredCheckpoints(workspace, upTo)).map(({ step }) => step);
  return [...new Set([best.step, ...ranked])];
}

/** The step whose weights are the result of reinforcement: the one that validation speaks for, else the last. */
export const resultStep = (workspace: Part): number => bestCheckpoint(workspace)?.step ?? lastStep(workspace);

/** Steps of the checkpoints that `training.save_top_k` keeps, of those up to a step. */
export function topCheckpoints(workspace: Part, upTo: number): number[] {
  const { save_top_k: kept } = workspace.config.training;
  if (kept === undefined) return [];
  return rankCheckpoints(scoredCheckpoints(workspace, upTo))
    .slice(0, kept)
    .map(({ step }) => step);
}

/**
 * The step that reinforcement ends at: `training.steps`, or the first before it at which so many checkpoints in a row (`training.patience`) had
 * brought no higher mean score (Prechelt 1998).
 */
export function lastStep(workspace: Part): number {
  const { steps, patience } = workspace.config.training;
  if (patience === undefined) return steps;
  const scored = scoredCheckpoints(workspace);
  for (let i = patience; i < scored.length; i++) {
    const [highest] = rankCheckpoints(scored.slice(0, i + 1));
    if (highest && i - scored.indexOf(highest) >= patience) return scored[i]!.step;
  }
  return steps;
}
