import { PARTS } from '../graph/token-tables.js';
import { float32, int32, int64, type Tensor, type Tensors } from '../graph/tensor.js';
import type { Batch, Sequence } from './arrange.js';

/** Columns that the engine makes itself. */
export const SEQUENCE = 'sequence';
export const ENTROPY = 'entropy';

/** A sequence with one row of numbers for each token that counts. */
export interface TrainingSequence extends Sequence {
  /** Per scored token, one number a column of the loss (for example advantage and weight). Length: tokens − start. */
  columns: Record<string, ArrayLike<number> | number>;
}

/** Sequences that are computed in one run. */
export interface MicroBatch {
  /** Indices of the sequences, in the order in which their scored tokens come. */
  order: number[];
  feeds: Tensors;
}

/**
 * What a graph is fed: each prompt once, then its answers, and one token of padding.
 * @param columns of the loss
 */
export function pack(
  { groups }: Batch,
  sequences: readonly TrainingSequence[],
  columns: readonly string[],
): MicroBatch {
  const tokens: number[] = [];
  const positions: number[] = [];
  const scored: number[][] = [];
  const targets: number[][] = [];
  const prompts: number[][] = [];
  const answers: number[][] = [];
  const readers: number[][] = [];
  const order: number[] = [];
  /** Appends tokens whose first has this position. @returns their rows */
  const append = (added: readonly number[], position: number): number[] =>
    added.map((token, i) => {
      positions.push(position + i);
      return tokens.push(token) - 1;
    });
  for (const { prompt, members } of groups) {
    const row = append(prompt, 0);
    prompts.push(row);
    const read: number[][] = [];
    for (const member of members) {
      const answer = sequences[member]!.tokens.slice(prompt.length);
      const rows = append(answer.slice(0, -1), prompt.length);
      if (rows.length > 0) answers.push(rows);
      read.push(rows);
      // The prompt's last token predicts the first of every answer.
      scored.push([row.at(-1)!, ...rows]);
      targets.push(answer);
      order.push(member);
    }
    readers.push(read.flat());
  }
  // Padding: nothing attends to it and nothing is made of it.
  const padding = tokens.push(0) - 1;
  positions.push(0);

  const [promptTable, answerTable] = [prompts, answers].map((rows) => table(rows, padding, PARTS)) as [
    Tensor,
    Tensor,
  ];
  const readerTable = table(readers, padding, 1);
  const n = tokens.length;
  const feeds: Tensors = {
    tokens: vector(tokens),
    positions: int64(BigInt64Array.from(positions, BigInt), [n, 1]),
    scored: vector(scored.flat()),
    targets: vector(targets.flat()),
    prompts: promptTable,
    answers: answerTable,
    readers: readerTable,
    places: places([promptTable, answerTable], n),
    readerPlaces: places([readerTable], n),
    padding: float32(
      Float32Array.from(tokens, (_, i) => (i === padding ? -1e9 : 0)),
      [n, 1],
    ),
  };
  if (columns.includes(SEQUENCE)) {
    feeds[`column.${SEQUENCE}`] = vector(
      order.flatMap((member, place) => sequences[member]!.tokens.slice(sequences[member]!.start).fill(place)),
    );
  }
  for (const name of columns) {
    if (name === SEQUENCE || name === ENTROPY) continue;
    const values = order.flatMap((member) => {
      const { tokens, start, columns } = sequences[member]!;
      const column = columns[name]!;
      return Array.from({ length: tokens.length - start }, (_, t) =>
        typeof column === 'number' ? column : column[t]!,
      );
    });
    feeds[`column.${name}`] = float32(Float32Array.from(values), [values.length, 1]);
  }
  return { order, feeds };
}

const vector = (numbers: readonly number[]): Tensor => int32(Int32Array.from(numbers), [numbers.length]);

/**
 * Rows, filled up on the right. None is one of padding: ONNX Runtime's operators want something to work on.
 * @param least tokens of a row
 */
function table(rows: readonly number[][], padding: number, least: number): Tensor {
  const length = rows.reduce((most, row) => Math.max(most, row.length), least);
  const height = Math.max(1, rows.length);
  const data = new Int32Array(height * length).fill(padding);
  rows.forEach((row, r) => data.set(row, r * length));
  return int32(data, [height, length]);
}

/** The inverse of tables: each token's place in them; one past the end for a token that has none, and for padding. */
function places(tables: readonly Tensor[], tokens: number): Tensor {
  const cells = tables.flatMap(({ data }) => [...(data as Int32Array)]);
  const result = new Int32Array(tokens).fill(cells.length);
  cells.forEach((token, place) => {
    if (token < tokens - 1) result[token] = place;
  });
  return int32(result, [tokens]);
}
