import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { filesOfChecks, type Judge } from '@touchstone/core';
import { InputError } from '@touchstone/spec';
import { parse, stringify } from 'yaml';
import { version } from '../version.js';
import type { Config } from '../config/schema.js';

const FILE = 'config.yaml';

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

/** Versions that a result depends on. */
export function versions(): Record<string, string> {
  return { touchstone: version(), node: process.version, platform: `${process.platform}-${process.arch}` };
}

/**
 * Writes the run's `config.yaml`: the configuration with every default, and hashes of all it reads. In a folder that
 * has one already, checks that it is the same run.
 * @throws {InputError} when the folder holds a run of another configuration, other data or other models.
 */
export async function claimFolder(
  folder: string,
  config: Config,
  baseDir: string,
  models: { policy: string; judge: Judge; heldout: Judge | null },
): Promise<void> {
  // Code, schemas and lists of phrases decide rewards as data does.
  const ofChecks = filesOfChecks(config.reward.checks).map(({ name }) => name);
  const files = [...Object.values(config.data), config.evaluation.truth, ...ofChecks].filter(
    (file) => file !== undefined,
  );
  const hashes = await Promise.all(
    files.map(async (file) => [file, sha256(await readFile(resolve(baseDir, file)))]),
  );
  // What a judge is, its fingerprint says; how its calls are made may change, as a budget or a limit does.
  const { output: _, judge: __, heldout_judge: ___, aws: ____, ...identity } = config;
  const inputs = {
    config: identity,
    data: Object.fromEntries(hashes) as Record<string, string>,
    models: {
      policy: models.policy,
      judge: models.judge.fingerprint,
      ...(models.heldout ? { heldout_judge: models.heldout.fingerprint } : {}),
    },
  };
  const fingerprint = sha256(JSON.stringify(inputs)).slice(0, 16);
  const path = join(folder, FILE);
  const before = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (before === null) {
    await writeFile(path, stringify({ fingerprint, versions: versions(), ...inputs, config }));
    return;
  }
  const old = parse(before) as {
    fingerprint?: unknown;
    data?: Record<string, string>;
    models?: Record<string, string>;
  };
  if (old.fingerprint === fingerprint) return;
  const changed = [
    ...Object.entries(inputs.data)
      .filter(([file, hash]) => old.data?.[file] !== hash)
      .map(([file]) => file),
    ...Object.entries(inputs.models)
      .filter(([role, hash]) => old.models?.[role] !== hash)
      .map(([role]) => `the ${role.replace('_', ' ')}`),
  ];
  throw InputError.at(
    { file: path },
    `this folder holds another run: ${changed.length > 0 ? `${changed.join(', ')} differ` : 'the configuration differs'}. ` +
      'Choose another folder with --out, or delete this one.',
  );
}
