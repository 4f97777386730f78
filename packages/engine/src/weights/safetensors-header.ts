import { InputError } from '@touchstone/spec';
import { z } from 'zod';

/** Bytes of one number, by element type. */
export const BYTES = { F32: 4, F16: 2, BF16: 2 } as const;
export type StoredType = keyof typeof BYTES;

/** Where a tensor lies in a file: `start` and `end` are offsets in the file. */
export interface StoredTensor {
  name: string;
  type: StoredType;
  shape: number[];
  /** Numbers in it. */
  count: number;
  start: number;
  end: number;
}

const tensorSchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
const headerSchema = z.record(z.string(), z.unknown());

/** Name of the header's entry that is no tensor. */
const METADATA = '__metadata__';

/**
 * The tensors that a header lists, in the order in which they lie in the file. They fill it from end to end, as the format
 * demands: whatever overlaps, leaves a hole or lies outside is damage.
 * @param header JSON text
 * @param dataStart where the file's data begins
 * @param size the file's bytes
 * @throws {InputError} naming the tensor
 */
export function parseHeader(header: string, dataStart: number, size: number, file: string): StoredTensor[] {
  const wrong = (problem: string, cause?: unknown): InputError => InputError.at({ file }, problem, { cause });
  let entries: Record<string, unknown>;
  try {
    entries = headerSchema.parse(JSON.parse(header));
  } catch (cause) {
    throw wrong('has no valid safetensors header', cause);
  }
  const tensors = Object.entries(entries).flatMap(([name, entry]): StoredTensor[] => {
    if (name === METADATA) return [];
    const parsed = tensorSchema.safeParse(entry);
    if (!parsed.success)
      throw wrong(`${name}: expected dtype, shape and data_offsets in the header`, parsed.error);
    const { dtype, shape, data_offsets } = parsed.data;
    if (!isStoredType(dtype)) throw wrong(`${name}: element type ${dtype}; expected F32, F16 or BF16`);
    const count = shape.reduce((a, b) => a * b, 1);
    const [start, end] = data_offsets;
    if (end - start !== count * BYTES[dtype])
      throw wrong(`${name}: ${end - start} bytes for shape [${shape}] of ${dtype}`);
    return [{ name, type: dtype, shape, count, start: dataStart + start, end: dataStart + end }];
  });
  tensors.sort((a, b) => a.start - b.start || a.end - b.end);
  let at = dataStart;
  for (const { name, start, end } of tensors) {
    if (start !== at)
      throw wrong(
        `${name}: ${start < at ? 'overlaps the tensor before it' : 'bytes before it belong to no tensor'}`,
      );
    if (end > size) throw wrong(`${name}: is cut off: expected ${end} bytes in the file, which has ${size}`);
    at = end;
  }
  if (at !== size) throw wrong(`${size - at} bytes at the end belong to no tensor`);
  return tensors;
}

const isStoredType = (name: string): name is StoredType => Object.hasOwn(BYTES, name);
