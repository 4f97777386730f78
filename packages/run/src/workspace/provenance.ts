import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { filesOfChecks, hashOfModule, type Judge } from '@touchstone/core';
import { InputError, RunError } from '@touchstone/spec';
import { assertOwn, sha256, writeWhole, type RunStore } from '@touchstone/store';
import { isHosted } from '@touchstone/train/schema';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { version } from '../version.js';
import { RUN_KEYS } from '../config/evaluation-schema.js';
import type { Config } from '../config/schema.js';

const FILE = 'config.yaml';

/** Versions that a result depends on. */
export function versions(): Record<string, string> {
  return { touchstone: version(), node: process.version, platform: `${process.platform}-${process.arch}` };
}

/** What of a `config.yaml` says which run it is of. Those of an older version have no `run`. */
const claimSchema = z.looseObject({
  fingerprint: z.string(),
  run: z.string().optional(),
  data: z.record(z.string(), z.string()),
  models: z.record(z.string(), z.string()),
  role: z.looseObject({}).optional(),
});
type Claim = z.infer<typeof claimSchema>;

/**
 * Writes the run's `config.yaml`: the configuration with every default, and hashes of all it reads. In a folder that
 * has one already, checks that it is the same run, and that `run.db` is the one that belongs to it. A run that has only been planned, or was
 * refused before it did anything, gives way to another one.
 *
 * @param role what a run of several trainings, or one of these, is beside its configuration: it is no run of one training.
 * @throws {InputError} when the folder holds a run of another configuration, other data or other models.
 * @throws {RunError} when `run.db` was emptied or replaced, or the file cannot be written.
 */
export async function claimFolder(
  folder: string,
  store: Pick<RunStore, 'identity' | 'claim' | 'holdsWork'>,
  config: Config,
  baseDir: string,
  models: { policy: string; judge: Judge; heldout: Judge | null },
  role?: object,
): Promise<void> {
  // What the judge is held against production with decides nothing of a run.
  const { outcomes: _, ...data } = config.data;
  // Code, schemas and lists of phrases decide rewards as data does; code is what it imports, too.
  const files: { name: string | undefined; isModule?: boolean }[] = [
    ...Object.values(data).map((name) => ({ name })),
    { name: config.evaluation.truth, isModule: true },
    ...filesOfChecks(config.reward.checks),
  ];
  const hashes = await Promise.all(
    files.map(async ({ name, isModule }) => {
      if (name === undefined) return [];
      const path = resolve(baseDir, name);
      return [[name, isModule ? hashOfModule(path) : sha256(await readFile(path))]];
    }),
  );
  // What a judge and a policy are, their fingerprints say; how their calls are made may change, as a budget or a limit does, the machine, and how a training is watched.
  const rest = without(
    config,
    'output',
    'judge',
    'heldout_judge',
    'aws',
    'engine',
    'monitors',
    'metrics',
    'seeds',
  );
  // Where a backend runs changes no more; and a run from before there were backends is one of the embedded engine.
  const { trl, verl, aws, backend } = config.training;
  const training = without(config.training, 'trl', 'openrlhf', 'ray', 'aws', 'verl', 'backend');
  const own = {
    ...(backend === 'trl' && trl.lora ? { lora: trl.lora } : {}),
    ...(backend === 'verl' ? { overrides: verl.overrides } : {}),
    ...(isHosted(backend) ? { aws: trainedBy(aws), range: config.aws.range } : {}),
  };
  const identity = {
    ...rest,
    evaluation: Object.fromEntries(Object.entries(config.evaluation).filter(([key]) => RUN_KEYS.has(key))),
    data,
    policy: without(config.policy, 'calls'),
    training: backend === 'embedded' ? training : { ...training, backend, ...own },
  };
  const inputs = {
    config: identity,
    data: Object.fromEntries(hashes.flat()) as Record<string, string>,
    models: {
      policy: models.policy,
      judge: models.judge.fingerprint,
      ...(models.heldout ? { heldout_judge: models.heldout.fingerprint } : {}),
    },
    ...(role ? { role } : {}),
  };
  await claimAs(folder, store, inputs, config);
}

/** What a folder's `config.yaml` says that it is of. */
interface ClaimedInputs {
  /** What of the configuration decides what comes out. */
  config: object;
  /** Hashes of the files that are read, by name. */
  data: Record<string, string>;
  /** Fingerprints of models and judges, by role. */
  models: Record<string, string>;
  role?: object;
}

/**
 * Writes a folder's `config.yaml`, or checks that the folder is of the same inputs, as `claimFolder` does.
 *
 * @param config what is written down for people.
 * @throws {InputError} the folder is of other inputs. @throws {RunError} as `claimFolder`.
 */
export async function claimAs(
  folder: string,
  store: Pick<RunStore, 'identity' | 'claim' | 'holdsWork'>,
  inputs: ClaimedInputs,
  config: object,
): Promise<void> {
  const fingerprint = sha256(JSON.stringify(inputs)).slice(0, 16);
  const path = join(folder, FILE);
  const { id, fingerprint: claimed } = store.identity();
  const old = await readClaim(path);
  if (typeof old === 'object' && old.run !== undefined && old.run !== id) {
    throw new RunError(
      `${path} and run.db are of different runs: run.db was emptied or replaced. ` +
        'Restore the whole folder from a copy, or choose another one with --out.',
    );
  }
  if (old === 'damaged' && claimed === null) {
    throw new RunError(
      `${path} is damaged, and run.db does not say which run this is. ` +
        'Restore the whole folder from a copy, or choose another one with --out.',
    );
  }
  const differs = typeof old === 'object' && old.fingerprint !== fingerprint;
  const isAnother = differs || (claimed !== null && claimed !== fingerprint);
  if (isAnother && store.holdsWork()) throw anotherRun(path, typeof old === 'object' ? old : null, inputs);
  if (claimed !== fingerprint) store.claim(fingerprint);
  if (typeof old === 'object' && old.run === id && !isAnother) return;
  // Missing or damaged, run.db knows what it said.
  await writeWhole(path, stringify({ fingerprint, run: id, versions: versions(), ...inputs, config }));
}

/** Of the account, what decides which model comes out. With the range its rewards are put back to 0 to 1. */
const trainedBy = (aws: Config['training']['aws']): unknown =>
  aws && {
    base: aws.base,
    platform: aws.platform,
    image: aws.image,
    reward_function: aws.reward_function,
    alias: aws.alias,
    overrides: aws.overrides,
  };

/** Its keys stay in their order, which the fingerprint of every run so far has. */
function without<T extends object, K extends keyof T & string>(object: T, ...keys: K[]): Omit<T, K> {
  const left = Object.entries(object).filter(([key]) => !keys.includes(key as K));
  return Object.fromEntries(left) as Omit<T, K>;
}

async function readClaim(path: string): Promise<Claim | 'missing' | 'damaged'> {
  assertOwn(path, 'file');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return 'missing';
    throw new RunError(`${path} cannot be read; look whether this user may`, { cause });
  }
  try {
    return claimSchema.parse(parse(text));
  } catch {
    return 'damaged';
  }
}

function anotherRun(
  path: string,
  old: Claim | null,
  now: { data: Record<string, string>; models: Record<string, string>; role?: object },
): InputError {
  const isOther = old !== null && JSON.stringify(old.role) !== JSON.stringify(now.role);
  const changed = [
    ...Object.keys(now.data).filter((file) => old && old.data[file] !== now.data[file]),
    ...Object.keys(now.models)
      .filter((role) => old && old.models[role] !== now.models[role])
      .map((role) => `the ${role.replace('_', ' ')}`),
  ];
  const differs = isOther
    ? `${described(old.role)}, and expected was ${described(now.role)}`
    : changed.length > 0
      ? `${changed.join(', ')} ${changed.length === 1 ? 'differs' : 'differ'}`
      : 'the configuration differs';
  return InputError.at(
    { file: path },
    `this folder holds another run: ${differs}. ` +
      'Choose another folder with --out. Deleting this one deletes what the run has paid for and trained.',
  );
}

/** A role, for people. */
const described = (role: object | undefined): string => {
  if (role === undefined) return 'one training (without --seeds)';
  if ('evaluation' in role) return 'an evaluation (touchstone eval)';
  return 'part_of' in role ? 'one training of another run' : 'several trainings (--seeds)';
};
