import fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { relative } from 'node:path';

/** `kill`: nothing reaches the disk from then on, as of a process that was killed there. */
export type Fault = 'ENOSPC' | 'EIO' | 'kill';

/** A disk that fails once at each write, rename and sync under a folder; everything else is the real one. */
export interface FailingDisk {
  /** What has failed so far: the operation and the kind of file. */
  readonly failed: ReadonlySet<string>;
  /** The next run: it fails at the first operation that has not failed yet. */
  restart(): void;
  repair(): void;
}

type Operation = (this: unknown, ...args: unknown[]) => Promise<unknown>;

/** @param apart tells checkpoints of fine-tuning from those of reinforcement; else they are of one kind, which takes fewer runs. */
export async function failingDisk(folder: string, fault: Fault, apart = false): Promise<FailingDisk> {
  const failed = new Set<string>();
  const real = { ...fs.promises };
  const paths = new WeakMap<object, string>();
  let hasFailed = false;

  const strike = (operation: string, path: unknown): void => {
    if (typeof path !== 'string' || !path.startsWith(folder)) return;
    // One of a kind: a temporary name, a step, the files of a tokenizer.
    const what = relative(folder, path)
      .replaceAll(/\.[0-9a-f]{8}\.partial/g, '')
      .replaceAll(/step-\d+/g, 'step')
      .replace(/^sft-checkpoints/, apart ? '$&' : 'checkpoints')
      .replace(/(tokenizer\w*|\w+_config|special_tokens_map)\.json/, 'companion');
    const key = `${operation} ${what}`;
    if (hasFailed ? fault !== 'kill' : failed.has(key)) return;
    if (!hasFailed) failed.add(key);
    hasFailed = true;
    const code = fault === 'kill' ? 'EIO' : fault;
    throw Object.assign(new Error(`${code}: injected, ${key}`), { code, syscall: operation });
  };
  const failing = (owner: object, name: string, pathOf: (self: unknown, args: unknown[]) => unknown) => {
    const operation = (owner as Record<string, Operation>)[name]!;
    (owner as Record<string, Operation>)[name] = async function (...args) {
      try {
        strike(name, pathOf(this, args));
      } catch (error) {
        // A write that fails has written something by then.
        if (name === 'writeFile') {
          const at = typeof this === 'object' && this !== fs.promises ? 0 : 1;
          await operation.call(this, ...args.slice(0, at), 'half');
        }
        throw error;
      }
      return operation.apply(this, args);
    };
    return () => ((owner as Record<string, Operation>)[name] = operation);
  };

  const probe = await real.open(process.execPath, 'r');
  const handles = Object.getPrototypeOf(probe) as object;
  await probe.close();
  const first = (_: unknown, [path]: unknown[]): unknown => path;
  const restore = [
    ...['writeFile', 'rename', 'rm'].map((name) => failing(fs.promises, name, first)),
    failing(fs.promises, 'copyFile', (_, [, to]) => to),
    ...['writeFile', 'write', 'writev', 'sync'].map((name) =>
      failing(handles, name, (self) => paths.get(self as object)),
    ),
  ];
  const open = fs.promises.open;
  fs.promises.open = async (path, ...rest): Promise<FileHandle> => {
    const handle = await open(path, ...rest);
    paths.set(handle, String(path));
    return handle;
  };
  syncBuiltinESMExports();
  return {
    failed,
    restart: () => {
      hasFailed = false;
    },
    repair: () => {
      fs.promises.open = open;
      for (const undo of restore) undo();
      syncBuiltinESMExports();
    },
  };
}
