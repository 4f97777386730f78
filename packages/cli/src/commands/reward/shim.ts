import { writeFile } from 'node:fs/promises';
import { renderShim, shimFile, SHIMS, type ShimName } from '@touchstone/serve';
import { InputError } from '@touchstone/spec';
import { Argument, type Command } from 'commander';
import type { Io } from '../../io.js';

/** `touchstone reward shim NAME` */
export function registerShim(reward: Command, io: Io): void {
  reward
    .command('shim')
    .description(
      'print the Python file that connects a trainer without an HTTP hook to "touchstone reward serve"',
    )
    .addArgument(new Argument('<name>', 'the trainer').choices(SHIMS))
    .option('--out <file>', 'write it there instead; trainers expect it as touchstone_NAME.py')
    .action((name: ShimName, flags: { out?: string }) => shim(name, flags.out, io));
}

/** @throws {InputError} when the file is there already, or cannot be written. */
async function shim(name: ShimName, file: string | undefined, io: Io): Promise<void> {
  const text = await renderShim(name);
  if (file === undefined) {
    io.out.write(text);
    return;
  }
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const why =
      code === 'EEXIST' ? 'is there already: move it away' : `cannot be written (${code}): check the folder`;
    throw InputError.at({ file }, `${why}, or name another file, such as ${shimFile(name)}`, { cause });
  }
  io.out.write(`Wrote ${file}; its first lines say how to use it.\n`);
}
