import { open } from 'node:fs/promises';
import { RunError } from '@touchstone/spec';

/** A line of JSON. */
export interface Line {
  /** 1-based. */
  number: number;
  value: unknown;
}

const CHUNK = 2 ** 20;

/** @throws never; makes the error of a line that a trainer has written. @param what with its verb: `is no JSON`. */
export const wrongLine = (file: string, line: number, what: string, cause?: unknown): RunError =>
  new RunError(
    `${file}: line ${line} ${what}. Nothing of it is used: restore the folder from a copy, or choose another one with --out.`,
    { cause },
  );

/** Lines of JSON that another process appends to a file, which may be killed at any moment, as they are written. */
export class LineReader {
  private offset = 0;
  private lines = 0;
  private cutOff: Buffer[] = [];

  /** @param longest bytes that a line may have. */
  constructor(
    readonly file: string,
    private readonly longest: number,
  ) {}

  /**
   * The whole lines that have been written since the last time; one that is not whole yet comes when it is. No file has none.
   *
   * @throws {RunError} a line is no JSON, or the file cannot be read.
   */
  async *read(): AsyncGenerator<Line> {
    let handle;
    try {
      handle = await open(this.file, 'r');
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return;
      throw new RunError(`${this.file} cannot be read`, { cause });
    }
    try {
      for (;;) {
        const { bytesRead, buffer } = await handle.read(Buffer.alloc(CHUNK), 0, CHUNK, this.offset);
        if (bytesRead === 0) return;
        this.offset += bytesRead;
        yield* this.linesOf(buffer.subarray(0, bytesRead));
      }
    } finally {
      await handle.close();
    }
  }

  private *linesOf(bytes: Buffer): Generator<Line> {
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
      const line = Buffer.concat([...this.cutOff, bytes.subarray(start, end)]);
      this.cutOff = [];
      start = end + 1;
      yield this.parse(line, ++this.lines);
    }
    this.cutOff.push(bytes.subarray(start));
    const length = this.cutOff.reduce((sum, part) => sum + part.length, 0);
    if (length > this.longest) throw this.tooLong(this.lines + 1);
  }

  private parse(bytes: Buffer, number: number): Line {
    if (bytes.length > this.longest) throw this.tooLong(number);
    try {
      return { number, value: JSON.parse(bytes.toString('utf8')) as unknown };
    } catch (cause) {
      throw wrongLine(this.file, number, 'is no JSON', cause);
    }
  }

  private tooLong(number: number): RunError {
    return wrongLine(this.file, number, `has more than ${this.longest} bytes`);
  }
}
