import { randomBytes } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { RunError } from '@touchstone/spec';

const PARTIAL = /^\..+\.[0-9a-f]{8}\.partial$/;

/** The name that something is written under before it takes its place; two writers have two. */
const partialOf = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.partial`);

/**
 * Writes a file whole or not at all, whether the process is killed, the disk is full or the power goes: what was there
 * before stays until the new content is on the disk.
 *
 * @param content in parts where it may be longer than a string can be.
 * @throws {RunError} it cannot be written, or a link or a folder stands in its place.
 */
export async function writeWhole(
  file: string,
  content: string | Uint8Array | Iterable<string>,
): Promise<void> {
  const partial = partialOf(file);
  await inPlaceOf(file, 'file', partial, async () => {
    // Exclusive: a link that somebody has put there is not followed.
    const handle = await open(partial, 'wx');
    try {
      // Each goes behind what is there.
      for (const part of partsOf(content)) await handle.writeFile(part);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, file);
  });
}

const partsOf = (content: string | Uint8Array | Iterable<string>): Iterable<string | Uint8Array> =>
  typeof content === 'string' || content instanceof Uint8Array ? [content] : content;

/**
 * As `writeWhole` for a folder: `fill` writes into an empty one, which takes its place when all of it is on the disk.
 *
 * @throws {RunError} as `writeWhole`; and what `fill` throws, where that is not the file system's.
 */
export async function writeFolderWhole(
  folder: string,
  fill: (partial: string) => Promise<void>,
): Promise<void> {
  const partial = partialOf(folder);
  await inPlaceOf(folder, 'folder', partial, async () => {
    await mkdir(partial);
    await fill(partial);
    await syncAll(partial);
    await rm(folder, { recursive: true, force: true });
    await rename(partial, folder);
  });
}

async function inPlaceOf(
  path: string,
  kind: 'file' | 'folder',
  partial: string,
  write: () => Promise<void>,
): Promise<void> {
  const parent = dirname(path);
  try {
    assertOwn(path, kind);
    const made = await mkdir(parent, { recursive: true });
    await write();
    await sync(parent);
    if (made !== undefined) await sync(dirname(made));
  } catch (cause) {
    await rm(partial, { recursive: true, force: true }).catch(() => {});
    throw explained(path, 'written', cause);
  }
}

/**
 * Removes a file or a folder of a run with all that is in it; of a link, the link alone.
 *
 * @throws {RunError} it cannot be removed.
 */
export async function remove(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (cause) {
    throw explained(path, 'removed', cause);
  }
}

/** Brings a folder and all that is in it to the disk. */
async function syncAll(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    await (entry.isDirectory() ? syncAll(path) : sync(path));
  }
  await sync(folder);
}

async function sync(path: string): Promise<void> {
  const isFolder = lstatSync(path).isDirectory();
  // Windows opens no folders; there a rename is as lasting as the file system makes it.
  if (isFolder && process.platform === 'win32') return;
  const handle = await open(path, isFolder ? 'r' : 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes what killed writers have left in a folder. Nobody else may write there meanwhile. */
export async function removePartials(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    if (PARTIAL.test(name)) await remove(join(folder, name));
  }
}

/**
 * Names in a folder of a run, in no order; none where there is no such folder.
 *
 * @throws {RunError} it cannot be read, or a link or a file stands in its place.
 */
export async function namesIn(folder: string): Promise<string[]> {
  assertOwn(folder, 'folder');
  try {
    return await readdir(folder);
  } catch (cause) {
    const code = codeOf(cause);
    if (code === 'ENOENT') return [];
    throw new RunError(`${folder} cannot be read: ${WHAT_TO_DO[code] ?? code}.`, { cause });
  }
}

/**
 * What stands at a path of a run's folder is a file (a folder) of its own, or nothing.
 *
 * @throws {RunError} it is something else. A link above all: what is written or removed would be somebody else's.
 */
export function assertOwn(path: string, kind: 'file' | 'folder'): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found || (kind === 'file' ? found.isFile() : found.isDirectory())) return;
  const what = found.isSymbolicLink()
    ? 'a symbolic link'
    : found.isDirectory()
      ? 'a folder'
      : found.isFile()
        ? 'a file'
        : 'something else';
  throw new RunError(`${path}: expected a ${kind} of the run's own, found ${what}. Move it away.`);
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

/** By the operating system's word for it. */
const WHAT_TO_DO: Record<string, string> = {
  ENOSPC: 'the disk is full; make room',
  EDQUOT: "the disk's quota is used up; make room",
  EFBIG: 'a file may not be so large here; raise the limit',
  EIO: 'the disk failed; look after it, or copy the folder to another one',
  EROFS: 'nothing may be written there; give it the right, or choose another folder',
  EACCES: 'this user may not; give it the right, or choose another folder',
  EPERM: 'this user may not; give it the right, or choose another folder',
  EMFILE: 'too many files are open; raise the limit',
  ENOTDIR: 'a file stands where a folder is expected; move it away',
  EISDIR: 'a folder stands where a file is expected; move it away',
  EEXIST: 'something else stands in its place; move it away',
};

/** What the operating system says, with what to do; other errors as they are. */
export function explained(path: string, done: 'written' | 'removed' | 'read', cause: unknown): unknown {
  const code = codeOf(cause);
  if (!(cause instanceof Error && 'syscall' in cause)) return cause;
  return new RunError(
    `${path} cannot be ${done}: ${WHAT_TO_DO[code] ?? code}. ` +
      'Nothing that was written before is lost: then run the same command again.',
    { cause },
  );
}
