import { lstat, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError } from '@touchstone/spec';
import { z } from 'zod';
import { assertOwn, writeFolderWhole } from './files.js';
import { sha256, sha256OfFile } from './sha256.js';

/** Not a name that other programs write into folders of models. */
const FILE = 'touchstone-manifest.json';

const sealSchema = z.strictObject({
  /** Id of the run that wrote it; '' where no run did. */
  run: z.string(),
  /** The stage that wrote it. */
  stage: z.string(),
  /** The training step whose end it is. */
  step: z.int().nonnegative(),
  versions: z.record(z.string(), z.string()),
});
/** What a folder of weights says of itself. */
export type Seal = z.infer<typeof sealSchema>;

const manifestSchema = z.strictObject({
  version: z.literal(1),
  seal: sealSchema,
  /** Every other file of the folder by its path, with slashes. */
  files: z.record(z.string(), z.strictObject({ size: z.int().nonnegative(), sha256: z.string() })),
});
type Manifest = z.infer<typeof manifestSchema>;

/**
 * Writes a folder whole or not at all, with a manifest of what is in it.
 *
 * @returns the digest: SHA-256 of the manifest, and so of everything in the folder.
 * @throws {RunError} it cannot be written.
 */
export async function writeSealed(
  folder: string,
  seal: Seal,
  fill: (partial: string) => Promise<void>,
): Promise<string> {
  let text = '';
  await writeFolderWhole(folder, async (partial) => {
    await fill(partial);
    const files: Manifest['files'] = {};
    for (const [name, size] of await filesIn(partial)) {
      files[name] = { size, sha256: await sha256OfFile(join(partial, name)) };
    }
    text = `${JSON.stringify({ version: 1, seal, files } satisfies Manifest, null, 2)}\n`;
    await writeFile(join(partial, FILE), text);
  });
  return sha256(text);
}

/** Whether a folder has a manifest to be read with. */
export const isSealed = async (folder: string): Promise<boolean> =>
  (await lstat(join(folder, FILE)).catch(() => null)) !== null;

/**
 * Reads every file of a sealed folder and compares it with the manifest. Memory stays as it is, however large they are.
 *
 * @param digest as `writeSealed` returned it; without it, a manifest that was written anew goes unnoticed.
 * @throws {RunError} naming the folder, the file in it that is not what was written, and how it differs.
 */
export async function readSealed(folder: string, digest?: string): Promise<Seal> {
  const broken = (problem: string, cause?: unknown): RunError =>
    new RunError(`${folder}: ${problem}`, { cause });
  assertOwn(folder, 'folder');
  let text: string;
  let manifest: Manifest;
  try {
    text = await readFile(join(folder, FILE), 'utf8');
    manifest = manifestSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw broken(`${FILE} is missing, or not what was written`, cause);
  }
  if (digest !== undefined && sha256(text) !== digest) {
    throw broken(`${FILE} is not the one that the run wrote, by run.db`);
  }
  const found = await filesIn(folder).catch((cause: unknown) => {
    throw RunError.is(cause) ? cause : broken('cannot be read', cause);
  });
  const strange = [...found.keys()].find((name) => name !== FILE && !Object.hasOwn(manifest.files, name));
  if (strange !== undefined) throw broken(`${strange} does not belong to it`);
  for (const [name, { size, sha256: expected }] of Object.entries(manifest.files)) {
    const actual = found.get(name);
    if (actual === undefined) throw broken(`${name} is missing`);
    if (actual !== size) throw broken(`${name} has ${actual} bytes; ${size} were written`);
    const hash = await sha256OfFile(join(folder, name)).catch((cause: unknown) => {
      throw broken(`${name} cannot be read`, cause);
    });
    if (hash !== expected) throw broken(`${name} is not what was written: its SHA-256 differs`);
  }
  return manifest.seal;
}

/**
 * Size of each file in a folder by its path, sorted. Names with a dot in front are left out: file managers put them
 * there, and nothing reads them.
 */
async function filesIn(folder: string, under = ''): Promise<Map<string, number>> {
  const files = new Map<string, number>();
  const names = (await readdir(join(folder, under))).filter((name) => !name.startsWith('.'));
  for (const name of names.sort()) {
    const path = under === '' ? name : `${under}/${name}`;
    const found = await lstat(join(folder, path));
    if (found.isDirectory()) for (const [inner, size] of await filesIn(folder, path)) files.set(inner, size);
    else if (found.isFile()) files.set(path, found.size);
    else throw new RunError(`${folder}: ${path} is no file; expected what was written`);
  }
  return files;
}
