import { open, rename, writeFile, type FileHandle } from 'node:fs/promises';
import { InputError, RunError } from '@touchstone/spec';
import type { Parameter } from './parameters.js';
import { BYTES, parseHeader, type StoredTensor, type StoredType } from './safetensors-header.js';

export type { StoredType } from './safetensors-header.js';

/** Bytes read at once, and numbers turned: one call of the system reads at most 2 GiB, and no tensor need lie in memory twice. */
const SLICE = 64 * 2 ** 20;
/** Longer than any true header; longer ones are damage. */
const LONGEST_HEADER = 100 * 2 ** 20;

/**
 * Reads a safetensors file; F16 and BF16 become float32.
 * @throws {InputError} when the file is not safetensors, is damaged, holds another element type, or a number that is none.
 */
export async function readSafetensors(file: string): Promise<Map<string, Parameter>> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw InputError.at({ file }, 'cannot be read; expected a safetensors file', { cause });
  });
  try {
    const { size } = await handle.stat();
    const headerLength = Number((await readBytes(handle, 0, 8, file)).readBigUInt64LE());
    if (headerLength > Math.min(size - 8, LONGEST_HEADER)) {
      throw InputError.at({ file }, `is cut off or no safetensors file: a header of ${headerLength} bytes`);
    }
    const header = await readBytes(handle, 8, headerLength, file);
    const tensors = new Map<string, Parameter>();
    for (const tensor of parseHeader(header.toString('utf8'), 8 + headerLength, size, file)) {
      tensors.set(tensor.name, { shape: tensor.shape, data: await readTensor(handle, tensor, file) });
    }
    return tensors;
  } finally {
    await handle.close();
  }
}

async function readTensor(handle: FileHandle, tensor: StoredTensor, file: string): Promise<Float32Array> {
  const { name, type, count, start, end } = tensor;
  let data: Float32Array;
  try {
    data = new Float32Array(count);
  } catch (cause) {
    throw InputError.at({ file }, `${name}: ${count} numbers are more than this machine can hold`, { cause });
  }
  for (let at = start; at < end; at += SLICE) {
    const bytes = await readBytes(handle, at, Math.min(SLICE, end - at), file);
    data.set(decode(bytes, type), (at - start) / BYTES[type]);
  }
  const wrong = data.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return data;
  throw InputError.at(
    { file },
    `${name}: number ${wrong} is ${data[wrong]}; the file is damaged, or its training diverged`,
  );
}

async function readBytes(handle: FileHandle, start: number, length: number, file: string): Promise<Buffer> {
  // Not from the pool: typed arrays need alignment.
  const buffer = Buffer.from(new ArrayBuffer(length));
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, start + done);
    if (bytesRead === 0)
      throw InputError.at({ file }, `is cut off: expected ${start + length} bytes, has ${start + done}`);
    done += bytesRead;
  }
  return buffer;
}

/** What rounds to infinity, by element type. */
const TOO_LARGE: Record<StoredType, number> = { F32: Infinity, F16: 65520, BF16: (2 - 2 ** -8) * 2 ** 127 };

/**
 * Writes a safetensors file, replacing an old one only when the new one is complete.
 * @throws {RunError} naming a tensor that holds a number which cannot be written: nobody could load the file
 */
export async function writeSafetensors(
  file: string,
  tensors: Iterable<[string, Parameter]>,
  type: StoredType = 'F32',
): Promise<void> {
  const all = [...tensors];
  for (const [name, { data }] of all) {
    const wrong = data.findIndex((value) => !(Math.abs(value) < TOO_LARGE[type]));
    if (wrong >= 0)
      throw new RunError(
        `${file} is not written: number ${wrong} of ${name} is ${data[wrong]}, which ${type} cannot hold`,
      );
  }
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

function decode({ buffer }: Buffer, type: StoredType): Float32Array {
  if (type === 'F32') return new Float32Array(buffer);
  const halves = new Uint16Array(buffer);
  const out = new Float32Array(halves.length);
  if (type === 'BF16') {
    const bits = new Uint32Array(out.buffer);
    for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  } else {
    for (let i = 0; i < halves.length; i++) out[i] = halfToFloat(halves[i]!);
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
