import { open, rename, writeFile } from 'node:fs/promises';
import { InputError } from '@touchstone/spec';
import { z } from 'zod';
import type { Parameter } from './parameters.js';

export type StoredType = 'F32' | 'F16' | 'BF16';
const BYTES: Record<StoredType, number> = { F32: 4, F16: 2, BF16: 2 };

const headerSchema = z.record(
  z.string(),
  z.union([
    z.object({
      dtype: z.string(),
      shape: z.array(z.int().nonnegative()),
      data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
    }),
    z.record(z.string(), z.string()),
  ]),
);

/**
 * Reads a safetensors file; F16 and BF16 become float32.
 * @throws {InputError} when the file is not safetensors, is cut off, or holds another element type.
 */
export async function readSafetensors(file: string): Promise<Map<string, Parameter>> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw InputError.at({ file }, 'cannot be read; expected a safetensors file', { cause });
  });
  try {
    const { size } = await handle.stat();
    const read = async (start: number, length: number): Promise<Buffer> => {
      if (start + length > size)
        throw InputError.at({ file }, `is cut off: expected ${start + length} bytes, has ${size}`);
      const buffer = Buffer.alloc(length);
      await handle.read(buffer, 0, length, start);
      return buffer;
    };
    const headerLength = Number((await read(0, 8)).readBigUInt64LE());
    let header: z.infer<typeof headerSchema>;
    try {
      header = headerSchema.parse(JSON.parse((await read(8, headerLength)).toString('utf8')));
    } catch (cause) {
      if (InputError.is(cause)) throw cause;
      throw InputError.at({ file }, 'has no valid safetensors header', { cause });
    }
    const tensors = new Map<string, Parameter>();
    for (const [name, entry] of Object.entries(header)) {
      if (name === '__metadata__' || !('data_offsets' in entry) || typeof entry.data_offsets === 'string')
        continue;
      const { dtype, shape, data_offsets } = entry as {
        dtype: string;
        shape: number[];
        data_offsets: [number, number];
      };
      if (!isStoredType(dtype)) {
        throw InputError.at({ file }, `${name}: element type ${dtype}; expected F32, F16 or BF16`);
      }
      const count = shape.reduce((a, b) => a * b, 1);
      const length = data_offsets[1] - data_offsets[0];
      if (length !== count * BYTES[dtype]) {
        throw InputError.at({ file }, `${name}: ${length} bytes for shape [${shape}] of ${dtype}`);
      }
      tensors.set(name, {
        shape,
        data: decode(await read(8 + headerLength + data_offsets[0], length), dtype, count),
      });
    }
    return tensors;
  } finally {
    await handle.close();
  }
}

/** Writes a safetensors file, replacing an old one only when the new one is complete. */
export async function writeSafetensors(
  file: string,
  tensors: Iterable<[string, Parameter]>,
  type: StoredType = 'F32',
): Promise<void> {
  const all = [...tensors];
  let offset = 0;
  const header: Record<string, object> = { __metadata__: { format: 'pt' } };
  for (const [name, { shape, data }] of all) {
    const end = offset + data.length * BYTES[type];
    header[name] = { dtype: type, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, ' ');
  json.copy(padded);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(padded.length));
  const parts = all.map(([, { data }]) => encode(data, type));
  const partial = `${file}.partial`;
  await writeFile(partial, Buffer.concat([size, padded, ...parts]));
  await rename(partial, file);
}

const isStoredType = (name: string): name is StoredType => Object.hasOwn(BYTES, name);

function decode(bytes: Buffer, type: StoredType, count: number): Float32Array {
  // Buffers from a pool may start anywhere; typed arrays need alignment.
  const aligned = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  if (type === 'F32') return new Float32Array(aligned);
  const halves = new Uint16Array(aligned);
  const out = new Float32Array(count);
  if (type === 'BF16') {
    const bits = new Uint32Array(out.buffer);
    for (let i = 0; i < count; i++) bits[i] = halves[i]! << 16;
  } else {
    for (let i = 0; i < count; i++) out[i] = halfToFloat(halves[i]!);
  }
  return out;
}

function encode(data: Float32Array, type: StoredType): Buffer {
  if (type === 'F32') return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const halves = Uint16Array.from(bits, (b, i) =>
    type === 'BF16' ? (b + 0x7fff + ((b >>> 16) & 1)) >>> 16 : floatToHalf(data[i]!),
  );
  return Buffer.from(halves.buffer);
}

function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Nearest half-precision number, ties to even. */
function floatToHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  const exponent = Math.max(Math.floor(Math.log2(size || 2 ** -24)), -14);
  const units = roundToEven(size / 2 ** (exponent - 10));
  // A carry out of the fraction moves into the exponent by itself.
  return sign | (exponent === -14 && units < 1024 ? units : ((exponent + 15) << 10) + (units - 1024));
}

function roundToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
