import { RunError } from '@touchstone/spec';

const BLOCK = 512;

/**
 * One file of a tar archive, read as it arrives: the rest may be gigabytes, and is not kept. For a short name at the top, which no extension
 * of the format changes; a package that unpacks archives would write all of it to the disk.
 *
 * @param most bytes of that file.
 * @returns null: it is not in there.
 * @throws {RunError} what arrives is no archive, or it has been cut off.
 */
export async function fileInTar(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  most: number,
): Promise<Buffer | null> {
  const bytes = new Bytes(chunks);
  for (;;) {
    const header = await bytes.take(BLOCK);
    if (header.every((byte) => byte === 0)) return null;
    if (header.length < BLOCK || !hasSum(header))
      throw new RunError('this is no tar archive, or it has been damaged');
    const size = Number.parseInt(textOf(header, 124, 12) || '0', 8);
    // Sizes from 8 GiB on are written otherwise.
    if (!Number.isSafeInteger(size))
      throw new RunError('a file in the archive is too large to be passed over');
    const isFile = ['', '0'].includes(textOf(header, 156, 1));
    if (isFile && textOf(header, 0, 100).replace(/^\.\//, '') === name) {
      if (size > most) throw new RunError(`${name} has ${size} bytes; expected ${most} at most`);
      const body = await bytes.take(size);
      if (body.length < size) throw new RunError('the archive ends in the middle of a file');
      return body;
    }
    await bytes.skip(Math.ceil(size / BLOCK) * BLOCK);
  }
}

const textOf = (header: Buffer, from: number, length: number): string =>
  header.toString('latin1', from, from + length).replace(/[\0 ].*$/s, '');

/** The sum over the header, in which the sum itself counts as spaces. */
function hasSum(header: Buffer): boolean {
  let sum = 0;
  for (const [i, byte] of header.entries()) sum += i >= 148 && i < 156 ? 32 : byte;
  return sum === Number.parseInt(textOf(header, 148, 8).trim(), 8);
}

class Bytes {
  private readonly source: AsyncIterator<Uint8Array>;
  private rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.source = chunks[Symbol.asyncIterator]();
  }

  /** Fewer at the end only. */
  async take(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let missing = count; missing > 0;) {
      const part = await this.next(missing);
      if (!part) break;
      parts.push(part);
      missing -= part.length;
    }
    return Buffer.concat(parts);
  }

  async skip(count: number): Promise<void> {
    for (let missing = count; missing > 0;) {
      const part = await this.next(missing);
      if (!part) throw new RunError('the archive ends in the middle of a file');
      missing -= part.length;
    }
  }

  /** At most so many of the next bytes, without a copy. */
  private async next(most: number): Promise<Buffer | null> {
    while (this.rest.length === 0) {
      const { value, done } = await this.source.next();
      if (done) return null;
      this.rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    const part = this.rest.subarray(0, most);
    this.rest = this.rest.subarray(part.length);
    return part;
  }
}
