import { float32, int32, type Tensors } from '../graph/tensor.js';

/** A token sequence with one row of numbers for each token that counts. */
export interface TrainingSequence {
  tokens: readonly number[];
  /** Index of the first token whose log-probability is used; it is predicted from the one before, so at least 1. */
  start: number;
  /** Per scored token, one number a column of the loss (for example advantage and weight). Length: tokens − start. */
  columns: Record<string, ArrayLike<number> | number>;
}

/** Sequences packed into tensors of one shape. */
export interface MicroBatch {
  /** Rows. */
  batch: number;
  /** Tokens of each row, padded on the right. */
  length: number;
  /** Scored tokens of all rows, padded. */
  scored: number;
  feeds: Tensors;
}

const roundUp = (n: number, step: number): number => Math.ceil(n / step) * step;

/** Token positions per micro-batch: small enough that attention stays in cache, large enough to fill the cores. */
const POSITIONS = 2048;

/** Packs sequences of similar length together; shapes are rounded so that few graphs need compiling. */
export function microBatches(
  sequences: readonly TrainingSequence[],
  columns: readonly string[],
): MicroBatch[] {
  const sorted = [...sequences].sort((a, b) => a.tokens.length - b.tokens.length);
  const batches: MicroBatch[] = [];
  for (let end = sorted.length; end > 0;) {
    // The model never needs the last token's prediction.
    const length = roundUp(sorted[end - 1]!.tokens.length - 1, 32);
    const batch = 2 ** Math.floor(Math.log2(Math.max(1, POSITIONS / length)));
    const rows = sorted.slice(Math.max(0, end - batch), end);
    end -= rows.length;
    batches.push(pack(rows, batch, length, columns));
  }
  return batches;
}

function pack(
  rows: readonly TrainingSequence[],
  batch: number,
  length: number,
  columns: readonly string[],
): MicroBatch {
  const count = rows.reduce((sum, row) => sum + row.tokens.length - row.start, 0);
  const scored = roundUp(Math.max(count, 1), 1024);
  const tokens = new Int32Array(batch * length);
  const positions = new Int32Array(scored);
  const targets = new Int32Array(scored);
  const values = Object.fromEntries(columns.map((name) => [name, new Float32Array(scored)]));
  let n = 0;
  rows.forEach((row, r) => {
    tokens.set(row.tokens.slice(0, -1), r * length);
    for (let t = row.start; t < row.tokens.length; t++, n++) {
      positions[n] = r * length + t - 1;
      targets[n] = row.tokens[t]!;
      for (const name of columns) {
        const column = row.columns[name]!;
        values[name]![n] = typeof column === 'number' ? column : column[t - row.start]!;
      }
    }
  });
  const feeds: Tensors = {
    tokens: int32(tokens, [batch * length]),
    positions: int32(positions, [scored]),
    targets: int32(targets, [scored, 1]),
  };
  for (const name of columns) feeds[`column.${name}`] = float32(values[name]!, [scored, 1]);
  return { batch, length, scored, feeds };
}
