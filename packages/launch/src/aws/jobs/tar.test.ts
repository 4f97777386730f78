import { RunError } from '@touchstone/spec';
import { tarOf } from '@touchstone/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileInTar } from './tar.js';

const files = [
  { name: 'events.out', body: Buffer.alloc(3000, 5) },
  { name: './manifest.json', body: Buffer.from('{"a":1}') },
  { name: 'empty', body: Buffer.alloc(0) },
];
const archive = tarOf(files);

async function* pieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  yield bytes.subarray(at);
}
const read = (
  bytes: Buffer,
  name = 'manifest.json',
  sizes: readonly number[] = [],
  most = 1000,
): Promise<Buffer | null> => fileInTar(pieces(bytes, sizes), name, most);

async function tried(bytes: Buffer): Promise<string> {
  try {
    return (await read(bytes))?.toString() ?? 'none';
  } catch (error) {
    if (error instanceof RunError) return 'refused';
    throw error;
  }
}

describe('a file of an archive', () => {
  it('is read, however the archive arrives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 2000 })), async (sizes) => {
        expect(String(await read(archive, 'manifest.json', sizes))).toBe('{"a":1}');
      }),
    );
    expect(await read(archive, 'other')).toBeNull();
    expect(await read(archive, 'empty')).toHaveLength(0);
  });

  it('is not read where it is too large, or the archive is cut off or damaged', async () => {
    await expect(read(archive, 'events.out')).rejects.toThrow(/3000 bytes; expected 1000/);
    await expect(read(Buffer.from('no archive'))).rejects.toThrow(RunError);
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: archive.length }),
        fc.nat({ max: 511 }),
        fc.integer({ min: 1, max: 255 }),
        async (length, at, change) => {
          const cut = await tried(archive.subarray(0, length));
          expect(['none', 'refused', '{"a":1}']).toContain(cut);
          const damaged = Buffer.from(archive);
          damaged[at]! ^= change;
          expect(['none', 'refused', '{"a":1}']).toContain(await tried(damaged));
        },
      ),
      { numRuns: 500 },
    );
  });
});
