import type { DifferentiableGraph } from './autodiff.js';
import { RUNTIME_DOMAIN, type Value } from './graph.js';
import { softmaxAndLog } from './softmax.js';

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

/**
 * A table whose tokens attend to those before them. Only what lies below the diagonal is seen: the queries are computed in parts, each with the
 * keys up to its own end.
 */
interface CausalTable {
  tokens: Value;
  parts: CausalPart[];
}

interface CausalPart {
  /** int32 [rows, b]: the tokens that ask. */
  tokens: Value;
  /** int64 [1]: so many tokens are before the end of the part; null in the last part: all. */
  end: Value | null;
  /** int64 [1]: b. */
  more: Value;
  /** [group · b, end], for queries of a group one after the other: -1e9 where the key is later than the query. */
  mask: Value;
}

/** Parts of a causal table, which has as many tokens at least. With 4, five eighths of it are computed. */
export const PARTS = 4;

interface HeadSizes {
  heads: number;
  keyValueHeads: number;
  headSize: number;
}

/** Normalisers, as logarithms, where there is nothing: of a token that reads no prompt, beside which its own part counts alone… */
const NOTHING_READ = -1e30;
/** … and of padding, so that its probabilities are 0 when they are computed again from it. */
const NO_TOKEN = 1e9;
/** A size that only the run knows. */
const UNKNOWN = -1;
const BLOCK = [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN];

/**
 * Grouped-query attention in which the answers to a prompt share it: each token attends to its prompt and, causally, to its
 * own answer (a prompt's token to its prompt). Three dense blocks are computed, prompts with themselves, answers with
 * themselves and answers with their prompts, and the two parts of an answer's softmax are joined by their normalisers as
 * flash attention does (Dao et al. 2022, arXiv 2205.14135). So is the backward pass, which computes the probabilities of a
 * block again: none are kept.
 *
 * Additions that would take a pass over a whole block ride in its matrix product: queries carry a 1 for the column of the
 * keys that masks padding, and so on.
 */
export class SharedPromptAttention {
  private readonly group: number;
  private readonly scale: Value;
  private readonly causal: { prompts: CausalTable; answers: CausalTable };
  /** Columns of one number, for each query head and each key head. */
  private readonly queryOnes: Value;
  private readonly keyOnes: Value;
  private readonly keyPadding: Value;

  constructor(
    private readonly g: DifferentiableGraph,
    private readonly layout: TokenLayout,
    private readonly sizes: HeadSizes,
  ) {
    this.group = sizes.heads / sizes.keyValueHeads;
    this.scale = g.scalar(sizes.headSize ** -0.5);
    this.causal = { prompts: this.causalTable(layout.prompts), answers: this.causalTable(layout.answers) };
    const { keyValueHeads } = sizes;
    const padding = g.node('Unsqueeze', [layout.padding, g.int64([1])], [UNKNOWN, 1, 1]);
    this.keyPadding = g.node(
      'Expand',
      [padding, g.int64([1, keyValueHeads, 1])],
      [UNKNOWN, keyValueHeads, 1],
    );
    this.keyOnes = g.node('Exp', [g.node('Mul', [this.keyPadding, g.scalar(0)], BLOCK)], BLOCK);
    const wide = g.node('Unsqueeze', [this.keyOnes, g.int64([2])], BLOCK);
    this.queryOnes = g.node('Expand', [wide, g.int64([1, keyValueHeads, this.group, 1])], BLOCK);
  }

  private causalTable(tokens: Value): CausalTable {
    const { g } = this;
    const op = (operator: string, ...inputs: Value[]): Value => g.node(operator, inputs, [1]);
    const length = g.node('Shape', [tokens], [1], { start: 1, end: 2 });
    const bounds = Array.from({ length: PARTS + 1 }, (_, i) =>
      i === PARTS ? length : op('Div', op('Mul', length, g.int64([i])), g.int64([PARTS])),
    );
    const parts = bounds.slice(1).map((end, i): CausalPart => {
      const start = bounds[i]!;
      const own = g.node('Slice', [tokens, start, end, g.int64([1])], [UNKNOWN, UNKNOWN]);
      const more = op('Sub', end, start);
      const shape = g.node('Concat', [more, end], [2], { axis: 0 });
      const hidden = g.node('Expand', [g.scalar(-1e9), shape], [UNKNOWN, UNKNOWN]);
      const later = g.node('Reshape', [op('Add', start, g.int64([1])), g.int64([])], []);
      const one = g.node('Trilu', [hidden, later], hidden.shape, { upper: 1 });
      return {
        tokens: own,
        end: i === PARTS - 1 ? null : end,
        more,
        mask: g.node('Concat', Array<Value>(this.group).fill(one), hidden.shape, { axis: 0 }),
      };
    });
    return { tokens, parts };
  }

  /**
   * @param query rotated, [tokens, heads · headSize]
   * @param key rotated, [tokens, keyValueHeads · headSize], as `value`
   * @returns [tokens, heads · headSize]
   */
  attend(query: Value, key: Value, value: Value): Value {
    const { g, group, layout } = this;
    const { keyValueHeads, headSize, heads } = this.sizes;
    const shape = (x: Value, ...dims: number[]): Value =>
      g.node('Reshape', [x, g.int64([0, ...dims])], BLOCK);
    const q = g.node('Mul', [shape(query, keyValueHeads, group, headSize), this.scale], BLOCK);
    const k = shape(key, keyValueHeads, headSize);
    const v = shape(value, keyValueHeads, headSize);

    const queries = this.joined(q, this.queryOnes);
    const keys = this.joined(k, this.keyPadding);
    const columns = headSize + 1;
    const block = (table: Value, ofKeys: Value, ofValues: Value, mask: Value | null): Value =>
      this.block(this.queryTable(queries, table, columns), ofKeys, ofValues, mask);
    const causal = ({ tokens, parts }: CausalTable): Value => {
      const [ofKeys, ofValues] = [this.keyTable(keys, tokens), this.keyTable(v, tokens)];
      return this.queryRows(
        parts.map((part) =>
          block(part.tokens, this.until(ofKeys, part.end), this.until(ofValues, part.end), part.mask),
        ),
        columns,
      );
    };
    const own = this.tokens(
      [causal(this.causal.prompts), causal(this.causal.answers)],
      layout.places,
      this.row(columns, NO_TOKEN, group),
    );
    const { prompts, readers } = layout;
    const read = this.tokens(
      [
        this.queryRows(
          [block(readers, this.keyTable(keys, prompts), this.keyTable(v, prompts), null)],
          columns,
        ),
      ],
      layout.readerPlaces,
      this.row(columns, NOTHING_READ, group),
    );

    const [output, normaliser] = this.merge(own, read);
    const flat = g.node('Reshape', [output, g.int64([0, heads * headSize])], query.shape);
    const inputs = [query, key, value];
    return g.record(flat, inputs, (gradient) => {
      const byHead = shape(gradient, keyValueHeads, group, headSize);
      return this.gradients(q, k, v, output, normaliser, byHead).map((each, i) => {
        const { shape } = inputs[i]!;
        return g.node('Reshape', [each, g.int64([0, shape[1]!])], shape);
      });
    });
  }

  /** Softmax over the keys of a block, times the values; the last column is the logarithm of its normaliser. */
  private block(queries: Value, keys: Value, values: Value, mask: Value | null): Value {
    const { g } = this;
    const product = this.product(queries, keys, { transB: 1 });
    const scores = mask ? g.node('Add', [product, mask], BLOCK) : product;
    const { weights, logSum } = softmaxAndLog(g, scores);
    return this.joined(this.product(weights, values), logSum);
  }

  /** Two softmaxes over different keys as one over both. @returns the output, and the logarithm of its normaliser */
  private merge(a: Value, b: Value): [output: Value, normaliser: Value] {
    const { g } = this;
    const op = (operator: string, ...inputs: Value[]): Value => g.node(operator, inputs, BLOCK);
    const [outputA, logA] = this.split(a);
    const [outputB, logB] = this.split(b);
    const top = op('Max', logA, logB);
    const weight = (log: Value): Value => op('Exp', op('Sub', log, top));
    const sum = op('Add', weight(logA), weight(logB));
    const normaliser = op('Add', top, op('Log', sum));
    const share = (output: Value, log: Value): Value => op('Mul', output, op('Div', weight(log), sum));
    return [op('Add', share(outputA, logA), share(outputB, logB)), normaliser];
  }

  /** With P the probabilities: dS = P ∘ (dO·Vᵀ − Σ dO∘O), dV = Pᵀ·dO, dQ = dS·K, dK = dSᵀ·Q. */
  private gradients(
    q: Value,
    k: Value,
    v: Value,
    output: Value,
    normaliser: Value,
    gradient: Value,
  ): Value[] {
    const { g, layout, group } = this;
    const width = this.sizes.headSize;
    const op = (operator: string, ...inputs: Value[]): Value => g.node(operator, inputs, BLOCK);
    const dot = g.node('ReduceSum', [op('Mul', gradient, output), g.int64([-1])], BLOCK, { keepdims: 1 });
    // Waits for the gradient: probabilities that were computed before would lie in memory until it is there.
    const late = op('Add', normaliser, op('Mul', dot, g.scalar(0)));
    const queries = this.joined(q, this.queryOnes, op('Neg', late));
    const keys = this.joined(k, this.keyPadding, this.keyOnes);
    const values = this.joined(v, this.keyOnes);
    const outputs = this.joined(gradient, op('Neg', dot));

    interface Block {
      dq: Value;
      dk: Value;
      dv: Value;
    }
    const block = (table: Value, ofKeys: Value, ofValues: Value, mask: Value | null): Block => {
      const rows = this.queryTable(queries, table, width + 2);
      const product = this.product(rows, ofKeys, { transB: 1 });
      const shares = op('Exp', mask ? op('Add', product, mask) : product);
      const upstream = this.queryTable(outputs, table, width + 1);
      const ofShares = this.product(upstream, ofValues, { transB: 1 });
      const ofScores = op('Mul', shares, ofShares);
      return {
        dq: this.product(ofScores, this.first(ofKeys)),
        dk: this.product(ofScores, this.first(rows), { transA: 1 }),
        dv: this.product(shares, this.first(upstream), { transA: 1 }),
      };
    };
    const causal = ({ tokens, parts }: CausalTable): Block => {
      const [ofKeys, ofValues] = [this.keyTable(keys, tokens), this.keyTable(values, tokens)];
      const blocks = parts.map((part) =>
        block(part.tokens, this.until(ofKeys, part.end), this.until(ofValues, part.end), part.mask),
      );
      const sum = (each: Value[]): Value =>
        each.reduce((before, next, i) => op('Add', this.longer(before, parts[i]!.more), next));
      return {
        dq: this.queryRows(
          blocks.map(({ dq }) => dq),
          width,
        ),
        dk: sum(blocks.map(({ dk }) => dk)),
        dv: sum(blocks.map(({ dv }) => dv)),
      };
    };
    const prompts = causal(this.causal.prompts);
    const answers = causal(this.causal.answers);
    const readers = block(
      layout.readers,
      this.keyTable(keys, layout.prompts),
      this.keyTable(values, layout.prompts),
      null,
    );

    const byKey = (prompt: Value, read: Value, answer: Value): Value =>
      this.tokens(
        [op('Add', prompt, read), answer].map((each) => this.keyRows(each)),
        layout.places,
        this.row(width, 0),
      );
    const none = this.row(width, 0, group);
    const dq = op(
      'Add',
      this.tokens([prompts.dq, answers.dq], layout.places, none),
      this.tokens([this.queryRows([readers.dq], width)], layout.readerPlaces, none),
    );
    return [
      op('Mul', dq, this.scale),
      byKey(prompts.dk, readers.dk, answers.dk),
      byKey(prompts.dv, readers.dv, answers.dv),
    ];
  }

  private product(a: Value, b: Value, attributes: Record<string, number> = {}): Value {
    return this.g.node('FusedMatMul', [a, b], BLOCK, attributes, RUNTIME_DOMAIN);
  }

  private joined(...columns: Value[]): Value {
    return this.g.node('Concat', columns, BLOCK, { axis: -1 });
  }

  private split(x: Value): [Value, Value] {
    const sizes = this.g.int64([this.sizes.headSize, 1]);
    return this.g.nodesOf('Split', [x, sizes], [BLOCK, BLOCK], { axis: -1 }) as [Value, Value];
  }

  /** The first `headSize` columns. */
  private first(x: Value): Value {
    const { g } = this;
    return g.node('Slice', [x, g.int64([0]), g.int64([this.sizes.headSize]), g.int64([-1])], BLOCK);
  }

  /** The first tokens of a table, [rows, keyValueHeads, length, n]. */
  private until(table: Value, end: Value | null): Value {
    const { g } = this;
    return end === null ? table : g.node('Slice', [table, g.int64([0]), end, g.int64([2])], BLOCK);
  }

  /** A table with so many tokens more, of zeros. */
  private longer(table: Value, more: Value): Value {
    const { g } = this;
    const pads = [g.int64([0, 0, 0, 0, 0, 0]), more, g.int64([0])];
    return g.node('Pad', [table, g.node('Concat', pads, [8], { axis: 0 })], BLOCK);
  }

  /** One token's row, 0 but for the last column. */
  private row(columns: number, last: number, ...group: number[]): Value {
    const shape = [1, this.sizes.keyValueHeads, ...group, columns];
    const data = new Float32Array(shape.reduce((a, b) => a * b));
    for (let i = columns - 1; i < data.length; i += columns) data[i] = last;
    return this.g.float32(data, shape);
  }

  /** Tokens [tokens, keyValueHeads, group, n] laid into a table [rows, length] → [rows, keyValueHeads, group · length, n]. */
  private queryTable(x: Value, table: Value, columns: number): Value {
    const { g } = this;
    const rows = g.node('Gather', [x, table], BLOCK);
    const apart = g.node('Transpose', [rows], BLOCK, { perm: [0, 2, 3, 1, 4] });
    return g.node('Reshape', [apart, g.int64([0, 0, -1, columns])], BLOCK);
  }

  /** The reverse of `queryTable`, row by row of the table: its parts, each [rows, keyValueHeads, group · b, n]. */
  private queryRows(parts: readonly Value[], columns: number): Value {
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
  private keyTable(x: Value, table: Value): Value {
    const { g } = this;
    return g.node('Transpose', [g.node('Gather', [x, table], BLOCK)], BLOCK, { perm: [0, 2, 1, 3] });
  }

  private keyRows(x: Value): Value {
    const { g } = this;
    const { keyValueHeads, headSize } = this.sizes;
    const rows = g.node('Transpose', [x], BLOCK, { perm: [0, 2, 1, 3] });
    return g.node('Reshape', [rows, g.int64([-1, keyValueHeads, headSize])], BLOCK);
  }

  /** Rows of tables, back in the order of the tokens; `rest` stands for the token that has no place. */
  private tokens(rows: readonly Value[], places: Value, rest: Value): Value {
    const { g } = this;
    return g.node('Gather', [g.node('Concat', [...rows, rest], BLOCK, { axis: 0 }), places], BLOCK);
  }
}
