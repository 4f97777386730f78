import { basename, sep } from 'node:path';
import { RunError, TouchstoneError } from '@touchstone/spec';
import {
  listCheckpoints,
  removeCheckpoint,
  saveCheckpoint,
  type Checkpoint,
  type Origin,
} from '@touchstone/train';
import { versions } from '../workspace/provenance.js';
import type { Workspace } from '../workspace/workspace.js';

type Part = Pick<Workspace, 'folder' | 'store'>;

/** The checkpoints that a training writes one after the other. */
export interface CheckpointSeries {
  /** What run.db has them under, and what they say of themselves. */
  stage: string;
  folder: string;
}

/** What the weights that a stage of this run writes say of themselves. */
export const originOf = ({ store }: Pick<Workspace, 'store'>, stage: string): Origin => ({
  run: store.identity().id,
  stage,
  versions: versions(),
});

/**
 * Writes a checkpoint, notes it in run.db, and removes those up to it that are not to be kept.
 *
 * @param kept of the steps that are there, the newest last, those to keep.
 */
export async function keepInSeries(
  workspace: Part,
  { stage, folder }: CheckpointSeries,
  checkpoint: Checkpoint,
  kept: (steps: readonly number[]) => readonly number[],
): Promise<void> {
  const { store } = workspace;
  const { step, digest } = await saveCheckpoint(folder, checkpoint, originOf(workspace, stage));
  store.putCheckpoint(stage, step, digest);
  const known = store.checkpoints(stage).flatMap((one) => (one.step <= step ? [one.step] : []));
  const keep = new Set(kept(known));
  for (const old of known.filter((one) => !keep.has(one))) {
    await removeCheckpoint(folder, old);
    store.forgetCheckpoint(stage, old);
  }
}

/** A checkpoint as it is found: its place, and what loading it must come to. */
export interface FoundCheckpoint {
  step: number;
  folder: string;
  expected: { digest: string | undefined; origin: Pick<Origin, 'run' | 'stage'> };
}

/**
 * The newest checkpoint of a series that is what this run wrote; null where the run has written none.
 *
 * @param read reads what was found. @throws {RunError} it does not hold.
 * @param onBroken told of each newer one that does not hold.
 * @param before only those of earlier steps.
 * @throws {RunError} none holds, though the run has written some: what they were trained from is lost.
 */
export async function newestInSeries<C extends Checkpoint>(
  { folder: out, store }: Part,
  { stage, folder }: CheckpointSeries,
  read: (found: FoundCheckpoint) => Promise<C>,
  onBroken: (text: string) => void = () => {},
  before = Infinity,
): Promise<C | null> {
  const { run } = originOf({ store }, stage);
  const written = new Map(
    store.checkpoints(stage).flatMap(({ step, digest }) => (step < before ? [[step, digest]] : [])),
  );
  const broken: string[] = [];
  for (const { step, folder: found } of await listCheckpoints(folder)) {
    if (step >= before) continue;
    try {
      const digest = written.get(step);
      const checkpoint = await read({ step, folder: found, expected: { digest, origin: { run, stage } } });
      for (const text of broken) onBroken(`${text}. It is not used; the one of step ${step} is.`);
      return checkpoint;
    } catch (error) {
      if (!TouchstoneError.is(error)) throw error;
      broken.push(error.message.replaceAll(`${out}${sep}`, ''));
    }
  }
  if (written.size > 0) {
    throw new RunError(
      `no checkpoint of this run holds, though run.db knows of step ${[...written.keys()].join(', ')}: ` +
        `${broken.join('; ') || `there is none in ${folder}`}. ` +
        `Restore the folder "${basename(folder)}" from a copy, or start again in another folder with --out.`,
    );
  }
  for (const text of broken) onBroken(`${text}. It is not used; training starts from the beginning.`);
  return null;
}

/** Removes all checkpoints of a series. @throws {RunError} one cannot be removed. */
export async function removeSeries({ store }: Part, { stage, folder }: CheckpointSeries): Promise<void> {
  for (const { step } of await listCheckpoints(folder)) await removeCheckpoint(folder, step);
  for (const { step } of store.checkpoints(stage)) store.forgetCheckpoint(stage, step);
}
