import type { DifferentiableGraph } from './autodiff.js';
import { RUNTIME_DOMAIN, type Value } from './graph.js';
import { softmaxAndLog } from './softmax.js';
import { TokenTables, type CausalTable, type HeadSizes, type TokenLayout } from './token-tables.js';

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
  private readonly tables: TokenTables;
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
    this.tables = new TokenTables(g, sizes);
    this.scale = g.scalar(sizes.headSize ** -0.5);
    this.causal = {
      prompts: this.tables.causal(layout.prompts),
      answers: this.tables.causal(layout.answers),
    };
    const { keyValueHeads } = sizes;
    const padding = g.node('Unsqueeze', [layout.padding, g.int64([1])], [UNKNOWN, 1, 1]);
    this.keyPadding = g.node(
      'Expand',
      [padding, g.int64([1, keyValueHeads, 1])],
      [UNKNOWN, keyValueHeads, 1],
    );
    this.keyOnes = g.node('Exp', [g.node('Mul', [this.keyPadding, g.scalar(0)], BLOCK)], BLOCK);
    const wide = g.node('Unsqueeze', [this.keyOnes, g.int64([2])], BLOCK);
    this.queryOnes = g.node('Expand', [wide, g.int64([1, keyValueHeads, this.tables.group, 1])], BLOCK);
  }

  /**
   * @param query rotated, [tokens, heads · headSize]
   * @param key rotated, [tokens, keyValueHeads · headSize], as `value`
   * @returns [tokens, heads · headSize]
   */
  attend(query: Value, key: Value, value: Value): Value {
    const { g, layout } = this;
    const { group } = this.tables;
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
      this.block(this.tables.layQueries(queries, table, columns), ofKeys, ofValues, mask);
    const causal = (table: CausalTable): Value =>
      this.tables.queriesOf(this.inParts(table, keys, v, block), columns);
    const own = this.tables.inOrder(
      [causal(this.causal.prompts), causal(this.causal.answers)],
      layout.places,
      this.tables.row(columns, NO_TOKEN, group),
    );
    const { prompts, readers } = layout;
    const read = this.tables.inOrder(
      [
        this.tables.queriesOf(
          [block(readers, this.tables.layKeys(keys, prompts), this.tables.layKeys(v, prompts), null)],
          columns,
        ),
      ],
      layout.readerPlaces,
      this.tables.row(columns, NOTHING_READ, group),
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

  /** A block for each part of a causal table: its queries with the keys and values up to its end. */
  private inParts<T>(
    { tokens, parts }: CausalTable,
    keys: Value,
    values: Value,
    block: (table: Value, keys: Value, values: Value, mask: Value) => T,
  ): T[] {
    const { tables } = this;
    const [ofKeys, ofValues] = [tables.layKeys(keys, tokens), tables.layKeys(values, tokens)];
    return parts.map(({ tokens: own, end, mask }) =>
      block(own, tables.until(ofKeys, end), tables.until(ofValues, end), mask),
    );
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
    const { g, layout } = this;
    const { group } = this.tables;
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
      const rows = this.tables.layQueries(queries, table, width + 2);
      const product = this.product(rows, ofKeys, { transB: 1 });
      const shares = op('Exp', mask ? op('Add', product, mask) : product);
      const upstream = this.tables.layQueries(outputs, table, width + 1);
      const ofShares = this.product(upstream, ofValues, { transB: 1 });
      const ofScores = op('Mul', shares, ofShares);
      return {
        dq: this.product(ofScores, this.first(ofKeys)),
        dk: this.product(ofScores, this.first(rows), { transA: 1 }),
        dv: this.product(shares, this.first(upstream), { transA: 1 }),
      };
    };
    const causal = (table: CausalTable): Block => {
      const blocks = this.inParts(table, keys, values, block);
      const sum = (each: Value[]): Value =>
        each.reduce((before, next, i) => op('Add', this.tables.longer(before, table.parts[i]!.size), next));
      return {
        dq: this.tables.queriesOf(
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
      this.tables.layKeys(keys, layout.prompts),
      this.tables.layKeys(values, layout.prompts),
      null,
    );

    const byKey = (prompt: Value, read: Value, answer: Value): Value =>
      this.tables.inOrder(
        [op('Add', prompt, read), answer].map((each) => this.tables.keysOf(each)),
        layout.places,
        this.tables.row(width, 0),
      );
    const none = this.tables.row(width, 0, group);
    const dq = op(
      'Add',
      this.tables.inOrder([prompts.dq, answers.dq], layout.places, none),
      this.tables.inOrder([this.tables.queriesOf([readers.dq], width)], layout.readerPlaces, none),
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
}
