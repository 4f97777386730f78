import type { Attend, Decoder } from '../families/family.js';
import type { TokenProducts } from '../families/token-products.js';
import { RUNTIME_DOMAIN, type Graph, type Value } from '../graph/graph.js';
import { attendTogether, type LayerCache, type Prefixes } from './attention.js';
import { Operators, UNKNOWN } from './operators.js';

/** Prompts that have been read, but for their last tokens. */
export interface ReadPrompts {
  prefixes: Prefixes;
  /** int32 [B], see `RowContext`. */
  slots: Value;
  /** What each row keeps to itself: B rows of S tokens, the suffixes. */
  kept: { caches: LayerCache[]; mask: Value };
}

/**
 * Reads each prefix once, then what each row's prompt has after it.
 *
 * Declares `prefixes` int32 [P, L] padded on the right; `prefix_lengths` int32 [P], at least 1; `group_size` int64 [1];
 * `slots` int32 [B]; and where prompts go on after their prefixes: `suffixes` int32 [B, S] padded on the right, without each
 * prompt's last token; `suffix_lengths` int32 [B].
 */
export function readPrompts(
  g: Graph,
  decoder: Decoder,
  products: TokenProducts,
  hasSuffixes: boolean,
): ReadPrompts {
  const { layers, keyValueHeads, headSize } = decoder.attention;
  const of = new Operators(g, g);
  const tokens = g.input('prefixes', 'int32', ['P', 'L']);
  const lengths = g.input('prefix_lengths', 'int32', ['P']);
  const size = g.input('group_size', 'int64', [1]);
  const slots = g.input('slots', 'int32', ['B']);
  const prefixes = {
    caches: readRows(of, decoder, products, tokens, lengths),
    mask: of.unsqueeze(paddingMask(of, tokens, lengths), 1, 2),
    count: of.dim(tokens, 0),
    size,
  };
  if (!hasSuffixes) {
    const rows = of.dim(slots, 0);
    const nothing = of.zeros([rows, keyValueHeads, 0, headSize]);
    const caches = Array.from({ length: layers }, () => ({ key: nothing, value: nothing }));
    return { prefixes, slots, kept: { caches, mask: of.zeros([rows, 1, 1, 0]) } };
  }
  const suffixes = g.input('suffixes', 'int32', ['B', 'S']);
  const suffixLengths = g.input('suffix_lengths', 'int32', ['B']);
  const column = of.range(g.int64Scalar(0), of.scalar(of.dim(suffixes, 1)));
  const prefixOf = g.node('Div', [slots, of.cast(size, 'int32')], [UNKNOWN]);
  const starts = of.unsqueeze(of.cast(of.gather(lengths, prefixOf), 'int64'), 1);
  const caches: LayerCache[] = [];
  const context = {
    prefixes,
    slots,
    positions: of.binary('Add', starts, of.unsqueeze(column, 0)),
    kept: null,
    carried: null,
    mask: causalMask(of, decoder, column),
  };
  decoder.forward(g, suffixes, attendTogether(of, decoder, context, caches), products);
  const mask = of.unsqueeze(paddingMask(of, suffixes, suffixLengths), 1, 2);
  return { prefixes, slots, kept: { caches, mask } };
}

/** Reads rows from their beginnings, with ONNX Runtime's own attention. @param lengths int32 [P] */
function readRows(
  of: Operators,
  decoder: Decoder,
  products: TokenProducts,
  tokens: Value,
  lengths: Value,
): LayerCache[] {
  const { heads, keyValueHeads, headSize, cos, sin } = decoder.attention;
  const { g } = of;
  const last = of.binary('Sub', lengths, g.int32([1]));
  const width = of.cast(of.dim(tokens, 1), 'int32');
  const cache = [UNKNOWN, keyValueHeads, UNKNOWN, headSize];
  const caches: LayerCache[] = [];
  const attend: Attend = (layer, { query, key, value }) => {
    const [output, keys, values] = g.nodesOf(
      'GroupQueryAttention',
      [query, key, value, null, null, last, width, cos, sin],
      [[UNKNOWN, UNKNOWN, heads * headSize], cache, cache],
      { num_heads: heads, kv_num_heads: keyValueHeads, do_rotary: 1 },
      RUNTIME_DOMAIN,
    ) as [Value, Value, Value];
    caches[layer] = { key: keys, value: values };
    return output;
  };
  decoder.forward(g, tokens, attend, products);
  return caches;
}

/** Hides what is padding in `padded` [rows, width]: [rows, width]. @param lengths int32 [rows] */
function paddingMask(of: Operators, padded: Value, lengths: Value): Value {
  const places = of.range(of.outer.int64Scalar(0), of.scalar(of.dim(padded, 1)));
  return of.mask(of.binary('Less', of.unsqueeze(of.cast(places, 'int32'), 0), of.unsqueeze(lengths, 1)));
}

/** A token sees itself and those before. @param column 0 … S-1 @returns [heads of a key · S, S] */
function causalMask(of: Operators, { attention: { heads, keyValueHeads } }: Decoder, column: Value): Value {
  const times = of.outer.int64([heads / keyValueHeads]);
  const own = of.unsqueeze(of.g.node('Tile', [column, times], [UNKNOWN]), 1);
  return of.mask(of.binary('GreaterOrEqual', own, of.unsqueeze(column, 0)));
}
