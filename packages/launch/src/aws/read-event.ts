import { readFile } from 'node:fs/promises';
import { InputError } from '@touchstone/spec';

export interface EventFile {
  event: object;
  /** As it would be sent: compact JSON. */
  bytes: number;
  samples: number;
}

/** A reward event from a file. @throws {InputError} when it is no JSON list or object. */
export async function readEvent(file: string): Promise<EventFile> {
  let event: unknown;
  try {
    event = JSON.parse(await readText(file));
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw InputError.at({ file }, 'not JSON: expected a list of samples', { cause });
  }
  if (typeof event !== 'object' || event === null) {
    throw InputError.at({ file }, `expected a list of samples, got ${JSON.stringify(event).slice(0, 60)}`);
  }
  return {
    event,
    bytes: Buffer.byteLength(JSON.stringify(event)),
    samples: Array.isArray(event) ? event.length : 1,
  };
}

async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const why = {
      ENOENT: 'there is no such file',
      ENOTDIR: 'there is no such file',
      ERR_ENCODING_INVALID_ENCODED_DATA: 'not UTF-8 text',
    };
    throw InputError.at(
      { file },
      Object.hasOwn(why, code) ? why[code as keyof typeof why] : `cannot be read (${code})`,
      { cause },
    );
  }
}
