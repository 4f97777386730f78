import { readFile } from 'node:fs/promises';

/** The trainers that have no HTTP hook, and so need a file of Python. */
export const SHIMS = ['trl', 'verl', 'verifiers', 'skyrl', 'tinker'] as const;
export type ShimName = (typeof SHIMS)[number];

/** What the file must be called for the trainer to find what it names. */
export const shimFile = (name: ShimName): string => `touchstone_${name}.py`;

/**
 * The Python file that connects a trainer to the reward server: one file that needs nothing but Python's standard
 * library. In this repository the shims share a client, which is put in front of each here.
 */
export async function renderShim(name: ShimName): Promise<string> {
  const [shim, client] = await Promise.all([source(shimFile(name)), source(CLIENT)]);
  const imports = [...new Set([...client.imports, ...shim.imports])].sort();
  return `${shim.head}\n${imports.join('\n')}\n\n${client.body}\n\n\n${shim.body}\n`;
}

/** The client that every shim carries, alone: for a script of ours that is no shim. */
export const clientSource = (): Promise<string> => readFile(new URL(CLIENT, SHIM_FOLDER), 'utf8');

/** Beside `src/` and `dist/`. */
const SHIM_FOLDER = new URL('../../shims/', import.meta.url);
/** What scripts import it as. */
export const CLIENT = 'touchstone_client.py';

interface Source {
  /** What the file is and how it is used. */
  head: string;
  imports: string[];
  body: string;
}

/** Read from the package. */
async function source(file: string): Promise<Source> {
  const text = await readFile(new URL(file, SHIM_FOLDER), 'utf8');
  const [, head, rest] = /^(.*?\nfrom __future__ import annotations\n)(.*)$/s.exec(text)!;
  const imports = rest!.match(/^import .+$/gm) ?? [];
  const body = rest!.replace(/^(import .+|from touchstone_client import .+)\n/gm, '').trim();
  return { head: head!, imports, body };
}
