import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InputError } from '@touchstone/spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Parameter } from './parameters.js';
import { readSafetensors, writeSafetensors } from './safetensors.js';

const folder = await mkdtemp(path.join(tmpdir(), 'safetensors-'));
const file = path.join(folder, 'model.safetensors');
const one = (data: number[]): Map<string, Parameter> =>
  new Map([['w', { shape: [data.length], data: Float32Array.from(data) }]]);

const f32 = (count: number, start: number) => ({
  dtype: 'F32',
  shape: [count],
  data_offsets: [start, start + 4 * count],
});
async function writeRaw(header: object, data: Buffer): Promise<void> {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  await writeFile(file, Buffer.concat([length, json, data]));
}

describe('safetensors', () => {
  it('keeps names, shapes and every float32 bit', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 20 }),
        async (data) => {
          const tensors = new Map([
            ...one(data),
            ['b.bias', { shape: [1, 2], data: Float32Array.of(-0, 3e-45) }],
          ]);
          await writeSafetensors(file, tensors);
          const back = await readSafetensors(file);
          expect([...back.keys()]).toEqual(['w', 'b.bias']);
          expect(back.get('b.bias')!.shape).toEqual([1, 2]);
          for (const [name, { data: values }] of tensors) {
            expect(Buffer.from(back.get(name)!.data.buffer).equals(Buffer.from(values.buffer))).toBe(true);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('rounds to the nearest half-precision and bfloat16 number, ties to even', async () => {
    // Bit patterns by IEEE 754: 1 + 2^-11 lies between 1 and 1 + 2^-10 and goes to the even one, 1.
    const values = [1, -2.5, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 65504, 65519, 2 ** -24, 2 ** -25, 1e-8, 0.1];
    await writeSafetensors(file, one(values), 'F16');
    const half = [...(await readSafetensors(file)).get('w')!.data];
    expect(half.slice(0, 9)).toEqual([1, -2.5, 1, 1 + 2 ** -9, 65504, 65504, 2 ** -24, 0, 0]);
    expect(half[9]).toBeCloseTo(0.0999755859375, 12);
    await writeSafetensors(file, one([1 + 2 ** -8, 1 + 3 * 2 ** -8, -3.140625]), 'BF16');
    expect([...(await readSafetensors(file)).get('w')!.data]).toEqual([1, 1 + 2 ** -6, -3.140625]);
  });

  it('is exact in half precision for every half-precision number', async () => {
    const all = Array.from({ length: 0x7c00 }, (_, bits) => {
      const exponent = bits >>> 10;
      const fraction = bits & 0x3ff;
      return exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
    });
    await writeSafetensors(file, one(all), 'F16');
    expect([...(await readSafetensors(file)).get('w')!.data]).toEqual(all);
  });

  it('refuses damaged files by name and never crashes', async () => {
    await writeSafetensors(file, one([1, 2, 3]));
    const whole = await readFile(file);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), async (at, byte, cut) => {
        const damaged = cut ? whole.subarray(0, at) : Buffer.from(whole);
        if (!cut) damaged[at] = byte;
        await writeFile(file, damaged);
        await readSafetensors(file).catch((error: unknown) => expect(InputError.is(error)).toBe(true));
      }),
      { numRuns: 200 },
    );
    await expect(readSafetensors(path.join(folder, 'none'))).rejects.toThrow(/none: cannot be read/);
  });

  it.each<[damage: string, header: Record<string, unknown>, message: RegExp]>([
    ['two tensors share bytes', { a: f32(2, 0), b: f32(2, 4) }, /b: overlaps the tensor before it/],
    ["bytes are nobody's", { a: f32(1, 0), b: f32(2, 8) }, /b: bytes before it belong to no tensor/],
    ['a tensor ends outside', { a: f32(4, 0), b: f32(4, 16) }, /b: is cut off/],
    ['the file is longer', { a: f32(2, 0) }, /8 bytes at the end belong to no tensor/],
    ['an entry is no tensor', { a: f32(4, 0), b: { kind: 'weight' } }, /b: expected dtype, shape/],
    ['a shape is impossible', { a: { ...f32(4, 0), shape: [2 ** 40, 2 ** 40] } }, /a: 16 bytes for shape/],
    ['numbers are quantised', { a: { ...f32(4, 0), dtype: 'F8_E4M3' } }, /a: element type F8_E4M3/],
  ])('names the tensor when %s', async (_, header, message) => {
    await writeRaw(header, Buffer.alloc(16));
    await expect(readSafetensors(file)).rejects.toThrow(message);
  });

  it('neither reads nor writes a number that is none', async () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      const bytes = Buffer.alloc(16);
      bytes.writeFloatLE(bad, 12);
      await writeRaw({ fine: f32(2, 0), 'layers.3.bad': f32(2, 8) }, bytes);
      await expect(readSafetensors(file)).rejects.toThrow(/layers\.3\.bad: number 1 is -?(NaN|Infinity)/);
      await expect(writeSafetensors(file, one([0, bad]))).rejects.toThrow(/number 1 of w is/);
    }
    await expect(writeSafetensors(file, one([65520]), 'F16')).rejects.toThrow(/65520, which F16 cannot hold/);
  });
});
