import type { Graph, Value } from './graph.js';

/**
 * Where the tokens of prompts and of their answers lie. A token is named by its row in the tensors that attention reads;
 * the last row is padding, and fills up the tables.
 */
export interface TokenLayout {
  /** int32 [prompts, length]: the tokens of each prompt, filled up to `PARTS` at least. */
  prompts: Value;
  /** int32 [answers, length]: the tokens of each answer, filled up likewise. */
  answers: Value;
  /** int32 [prompts, length]: the tokens of all answers to each prompt, one answer after the other. */
  readers: Value;
  /** int32 [tokens]: each token's place in `prompts` and `answers`, written one after the other; padding's is one past the end. */
  places: Value;
  /** int32 [tokens]: each token's place in `readers`; one past the end where it has none. */
  readerPlaces: Value;
  /** float32 [tokens, 1]: 0, and for padding -1e9. */
  padding: Value;
}

/** A table whose tokens attend to those before them: in parts, each with the keys up to its own end, as the others are not seen. */
export interface CausalTable {
  tokens: Value;
  parts: CausalPart[];
}

interface CausalPart {
  /** int32 [rows, b]: the tokens that ask. */
  tokens: Value;
  /** int64 [1]: so many tokens are before the end of the part; null in the last part: all. */
  end: Value | null;
  /** int64 [1]: b. */
  size: Value;
  /** [group · b, end], for queries of a group one after the other: -1e9 where the key is later than the query. */
  mask: Value;
}

/**
 * Parts of a causal table, which has as many tokens at least: with 2, three quarters of it are computed. More would save more, but the time in which ONNX
 * Runtime compiles a graph grows with the square of its nodes: of SmolLM2-135M's gradient 6 s with 1 part, 12 with 2, 22 with 3 and 30 to 46 with 4.
 */
export const PARTS = 2;

export interface HeadSizes {
  heads: number;
  keyValueHeads: number;
  headSize: number;
}

/** A size that only the run knows. */
const UNKNOWN = -1;
const BLOCK = [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN];

/** Lays the numbers of tokens into tables, by heads, and back. */
export class TokenTables {
  /** Query heads of a key head. */
  readonly group: number;

  constructor(
    private readonly g: Graph,
    private readonly sizes: HeadSizes,
  ) {
    this.group = sizes.heads / sizes.keyValueHeads;
  }

  /** @param tokens int32 [rows, length] */
  causal(tokens: Value): CausalTable {
    const { g } = this;
    const op = (operator: string, ...inputs: Value[]): Value => g.node(operator, inputs, [1]);
    const length = g.node('Shape', [tokens], [1], { start: 1, end: 2 });
    const bounds = Array.from({ length: PARTS + 1 }, (_, i) =>
      i === PARTS ? length : op('Div', op('Mul', length, g.int64([i])), g.int64([PARTS])),
    );
    const parts = bounds.slice(1).map((end, i): CausalPart => {
      const start = bounds[i]!;
      const own = g.node('Slice', [tokens, start, end, g.int64([1])], [UNKNOWN, UNKNOWN]);
      const size = op('Sub', end, start);
      const shape = g.node('Concat', [size, end], [2], { axis: 0 });
      const hidden = g.node('Expand', [g.scalar(-1e9), shape], [UNKNOWN, UNKNOWN]);
      const later = g.node('Reshape', [op('Add', start, g.int64([1])), g.int64([])], []);
      const one = g.node('Trilu', [hidden, later], hidden.shape, { upper: 1 });
      return {
        tokens: own,
        end: i === PARTS - 1 ? null : end,
        size,
        mask: g.node('Concat', Array<Value>(this.group).fill(one), hidden.shape, { axis: 0 }),
      };
    });
    return { tokens, parts };
  }

  /** Tokens [tokens, keyValueHeads, group, n] laid into a table [rows, length] → [rows, keyValueHeads, group · length, n]. */
  layQueries(x: Value, table: Value, columns: number): Value {
    const { g } = this;
    const rows = g.node('Gather', [x, table], BLOCK);
    const apart = g.node('Transpose', [rows], BLOCK, { perm: [0, 2, 3, 1, 4] });
    return g.node('Reshape', [apart, g.int64([0, 0, -1, columns])], BLOCK);
  }

  /** The reverse of `layQueries`, row by row of the table: its parts, each [rows, keyValueHeads, group · b, n]. */
  queriesOf(parts: readonly Value[], columns: number): Value {
    const { g, group } = this;
    const { keyValueHeads } = this.sizes;
    const apart = parts.map((part) =>
      g.node('Reshape', [part, g.int64([0, 0, group, -1, columns])], [...BLOCK, UNKNOWN]),
    );
    const whole = apart.length === 1 ? apart[0]! : g.node('Concat', apart, apart[0]!.shape, { axis: 3 });
    const rows = g.node('Transpose', [whole], whole.shape, { perm: [0, 3, 1, 2, 4] });
    return g.node('Reshape', [rows, g.int64([-1, keyValueHeads, group, columns])], BLOCK);
  }

  /** Tokens [tokens, keyValueHeads, n] laid into a table [rows, length] → [rows, keyValueHeads, length, n]. */
  layKeys(x: Value, table: Value): Value {
    const { g } = this;
    return g.node('Transpose', [g.node('Gather', [x, table], BLOCK)], BLOCK, { perm: [0, 2, 1, 3] });
  }

  keysOf(x: Value): Value {
    const { g } = this;
    const { keyValueHeads, headSize } = this.sizes;
    const rows = g.node('Transpose', [x], BLOCK, { perm: [0, 2, 1, 3] });
    return g.node('Reshape', [rows, g.int64([-1, keyValueHeads, headSize])], BLOCK);
  }

  /** Rows of tables, back in the order of the tokens; `rest` stands for the token that has no place. */
  inOrder(rows: readonly Value[], places: Value, rest: Value): Value {
    const { g } = this;
    return g.node('Gather', [g.node('Concat', [...rows, rest], BLOCK, { axis: 0 }), places], BLOCK);
  }

  /** The first tokens of a table, [rows, keyValueHeads, length, n]. */
  until(table: Value, end: Value | null): Value {
    const { g } = this;
    return end === null ? table : g.node('Slice', [table, g.int64([0]), end, g.int64([2])], BLOCK);
  }

  /** A table with so many tokens more, of zeros. */
  longer(table: Value, more: Value): Value {
    const { g } = this;
    const pads = [g.int64([0, 0, 0, 0, 0, 0]), more, g.int64([0])];
    return g.node('Pad', [table, g.node('Concat', pads, [8], { axis: 0 })], BLOCK);
  }

  /** One token's row, 0 but for the last column. */
  row(columns: number, last: number, ...group: number[]): Value {
    const shape = [1, this.sizes.keyValueHeads, ...group, columns];
    const data = new Float32Array(shape.reduce((a, b) => a * b));
    for (let i = columns - 1; i < data.length; i += columns) data[i] = last;
    return this.g.float32(data, shape);
  }
}
