import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  CausalLM,
  readSafetensors,
  writeSafetensors,
  type Generated,
  type OptimizerState,
} from '@touchstone/engine';
import { RunError } from '@touchstone/spec';
import { namesIn, readSealed, remove, writeSealed, type Seal } from '@touchstone/store';
import { z } from 'zod';
import type { Policy } from './policy.js';

const count = z.int().nonnegative();
/** Where a supervised fine-tuning stands, beside its weights. */
const supervisedSchema = z.strictObject({
  /** Of training so far. */
  seconds: z.number().nonnegative(),
  /** The step that it ends at, at the latest; null before its own steps are done. */
  last: count.nullable(),
  validationLoss: z.number(),
  best: z.strictObject({ step: count, loss: z.number() }),
});
export type SupervisedState = z.infer<typeof supervisedSchema>;

const stateSchema = z.strictObject({ step: count, updates: count, supervised: supervisedSchema.optional() });
const aheadSchema = z.array(
  z.strictObject({
    step: z.int().positive(),
    version: z.int().nonnegative(),
    answers_PG: z.array(
      z.strictObject({
        tokens: z.array(z.int().nonnegative()),
        logprobs: z.array(z.number()).transform((values) => Float32Array.from(values)),
        finish: z.enum(['stop', 'length']),
      }),
    ),
  }),
);
const STATE = path.join('trainer', 'state.json');
const MOMENTS = path.join('trainer', 'optimizer.safetensors');
const AHEAD = path.join('trainer', 'ahead.json');

/** Answers of a step that nothing has been learned from yet, as they were drawn; the rest of them follows from the run. */
export interface StoredStep {
  /** 1-based. */
  step: number;
  /** Steps that the weights which drew them had learned from. */
  version: number;
  answers_PG: readonly Generated[];
}

/** Everything that training goes on from. */
export interface Checkpoint {
  /** Steps made. */
  step: number;
  policy: Policy;
  optimizer: OptimizerState;
  /** What older weights have drawn for steps to come. Default: nothing. */
  ahead?: readonly StoredStep[];
  /** Of a supervised fine-tuning. */
  supervised?: SupervisedState | undefined;
}

/** A checkpoint on the disk. */
export interface SavedCheckpoint {
  step: number;
  folder: string;
  /** SHA-256 of everything in it. */
  digest: string;
}

/** Who writes weights: they are refused where they are not what is asked for. */
export type Origin = Pick<Seal, 'run' | 'stage' | 'versions'>;
const NOBODY: Origin = { run: '', stage: '', versions: {} };

const NAME = /^step-(\d{6,})$/;

/** Folder name of a step's checkpoint. */
export const checkpointName = (step: number): string => `step-${String(step).padStart(6, '0')}`;

/**
 * Writes a checkpoint: a Hugging Face folder, with the optimiser's state in `trainer/` and a manifest of it all. It
 * appears under its name only when all of it is on the disk, so nothing leaves half a checkpoint to resume from.
 *
 * @throws {RunError} it cannot be written.
 */
export async function saveCheckpoint(
  folder: string,
  { step, policy, optimizer, supervised, ahead = [] }: Checkpoint,
  origin: Origin = NOBODY,
): Promise<SavedCheckpoint> {
  const target = path.join(folder, checkpointName(step));
  const digest = await writeSealed(target, { ...origin, step }, async (partial) => {
    await policy.model.save(partial, policy.folder);
    await mkdir(path.join(partial, 'trainer'));
    await writeSafetensors(path.join(partial, MOMENTS), optimizer.moments);
    const state: z.infer<typeof stateSchema> = { step, updates: optimizer.updates, supervised };
    await writeFile(path.join(partial, STATE), JSON.stringify(state));
    if (ahead.length > 0) await writeFile(path.join(partial, AHEAD), JSON.stringify(ahead.map(plain)));
  });
  return { step, folder: target, digest };
}

/** Numbers of 32 bits come back from JSON as they were. */
const plain = ({ answers_PG, ...step }: StoredStep): object => ({
  ...step,
  answers_PG: answers_PG.map((answer) => ({ ...answer, logprobs: [...answer.logprobs] })),
});

/**
 * Checkpoints by their names, the newest first; whether they hold, `loadCheckpoint` finds out.
 *
 * @throws {RunError} the folder cannot be read.
 */
export async function listCheckpoints(folder: string): Promise<{ step: number; folder: string }[]> {
  const steps = (await namesIn(folder)).flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number);
  return steps
    .sort((a, b) => b - a)
    .map((step) => ({ step, folder: path.join(folder, checkpointName(step)) }));
}

/** Removes the checkpoint of a step, where there is one. @throws {RunError} it cannot be removed. */
export const removeCheckpoint = (folder: string, step: number): Promise<void> =>
  remove(path.join(folder, checkpointName(step)));

async function readState<T>(folder: string, file: string, schema: z.ZodType<T>): Promise<T> {
  try {
    return schema.parse(JSON.parse(await readFile(path.join(folder, file), 'utf8')));
  } catch (cause) {
    throw new RunError(`${folder}: ${file} is not the state of a trainer`, { cause });
  }
}

/**
 * Reads a checkpoint, every byte of which is what was written.
 *
 * @param policy the tokenizer comes from here
 * @param expected what is known of it: the digest that it was saved with, the run and stage that wrote it
 * @throws {RunError} naming the folder and what is wrong in it.
 */
export async function loadCheckpoint(
  folder: string,
  policy: Policy,
  expected: { digest?: string | undefined; origin?: Pick<Origin, 'run' | 'stage'> } = {},
): Promise<Checkpoint> {
  const seal = await readSealed(folder, expected.digest);
  const { origin = seal } = expected;
  if (seal.run !== origin.run || seal.stage !== origin.stage) {
    throw new RunError(`${folder}: it was written by another run, or another stage ("${seal.stage}")`);
  }
  const { step, updates, supervised } = await readState(folder, STATE, stateSchema);
  if (step !== seal.step || path.basename(folder) !== checkpointName(step)) {
    throw new RunError(
      `${folder}: it is of step ${seal.step} by its manifest, of step ${step} by ${STATE}; they and the folder's name must agree`,
    );
  }
  const moments = await readSafetensors(path.join(folder, MOMENTS));
  const loaded = {
    step,
    policy: policy.withModel(await CausalLM.load(folder)),
    optimizer: { updates, moments },
    ...(supervised && { supervised }),
  };
  // The manifest has told whether it belongs there.
  if (!existsSync(path.join(folder, AHEAD))) return loaded;
  return { ...loaded, ahead: await readState(folder, AHEAD, aheadSchema) };
}
