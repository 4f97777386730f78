import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CausalLM, readSafetensors, writeSafetensors, type OptimizerState } from '@touchstone/engine';
import { largest, InputError } from '@touchstone/spec';
import { z } from 'zod';
import type { Policy } from './policy.js';

const stateSchema = z.object({ step: z.int().nonnegative(), updates: z.int().nonnegative() });
/** Everything that training goes on from. */
export interface Checkpoint {
  /** Steps made. */
  step: number;
  policy: Policy;
  optimizer: OptimizerState;
}

const NAME = /^step-(\d{6})$/;

/** Folder name of a step's checkpoint: sorts by step. */
const checkpointName = (step: number): string => `step-${String(step).padStart(6, '0')}`;

/**
 * Writes a checkpoint: a Hugging Face folder, with the optimiser's state in `trainer/`. It appears under its name only
 * when it is complete, so a killed process leaves no half checkpoint to resume from.
 */
export async function saveCheckpoint(
  folder: string,
  { step, policy, optimizer }: Checkpoint,
): Promise<string> {
  const target = path.join(folder, checkpointName(step));
  const partial = `${target}.partial`;
  await rm(partial, { recursive: true, force: true });
  await policy.model.save(partial, policy.folder);
  await mkdir(path.join(partial, 'trainer'));
  await writeSafetensors(path.join(partial, 'trainer', 'optimizer.safetensors'), optimizer.moments);
  await writeFile(
    path.join(partial, 'trainer', 'state.json'),
    JSON.stringify({ step, updates: optimizer.updates }),
  );
  await rm(target, { recursive: true, force: true });
  await rename(partial, target);
  return target;
}

/** The newest complete checkpoint, or null. */
export async function latestCheckpoint(folder: string): Promise<{ step: number; folder: string } | null> {
  const names = await readdir(folder).catch(() => []);
  const steps = names.flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number);
  if (steps.length === 0) return null;
  const step = largest(steps);
  return { step, folder: path.join(folder, checkpointName(step)) };
}

/** Removes all checkpoints but the newest `keep`. */
export async function pruneCheckpoints(folder: string, keep: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => NAME.test(name)).sort();
  for (const name of names.slice(0, -keep)) await rm(path.join(folder, name), { recursive: true });
}

/**
 * @param policy the tokenizer comes from here
 * @throws {InputError} when the checkpoint is damaged.
 */
export async function loadCheckpoint(folder: string, policy: Policy): Promise<Checkpoint> {
  const file = path.join(folder, 'trainer', 'state.json');
  const parsed = stateSchema.safeParse(JSON.parse(await readFile(file, 'utf8')));
  if (!parsed.success)
    throw InputError.at({ file }, 'is not a trainer state; delete this checkpoint to use the one before');
  const { step, updates } = parsed.data;
  const moments = await readSafetensors(path.join(folder, 'trainer', 'optimizer.safetensors'));
  return { step, policy: policy.withModel(await CausalLM.load(folder)), optimizer: { updates, moments } };
}
