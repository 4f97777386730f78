import { largest } from '@touchstone/spec';
import { int32, int64, type Tensors } from '../graph/tensor.js';
import type { PromptKind } from './decode-graph.js';
import { prefixGroups, type PrefixGroup } from './prefix-groups.js';

/** Rows decoded together. Larger batches use the cores better and keep more KV cache in memory. */
const BATCH_ROWS = 256;

type Prompts = readonly (readonly number[])[];

/** Prompts that are answered together, one row a prompt: those of a group side by side. */
export interface Batch {
  kind: PromptKind;
  groups: PrefixGroup[];
}

/** Every prompt once, in batches of rows whose prompts begin alike. */
export function batchesOf(prompts: Prompts): Batch[] {
  const groups = prefixGroups(prompts, BATCH_ROWS);
  // Groups of one size waste no slots, and prompts of one length no padding.
  groups.sort((a, b) => b.members.length - a.members.length || a.prefix - b.prefix);
  const batches: Batch[] = [];
  let rows = Infinity;
  for (const group of groups) {
    rows += group.members.length;
    if (rows > BATCH_ROWS) {
      rows = group.members.length;
      batches.push({ kind: 'separate', groups: [] });
    }
    batches.at(-1)!.groups.push(group);
  }
  return batches.map((batch) => ({ ...batch, kind: kindOf(prompts, batch.groups) }));
}

function kindOf(prompts: Prompts, groups: readonly PrefixGroup[]): PromptKind {
  if (groups.every(({ members }) => members.length === 1)) return 'separate';
  const isWhole = groups.every(({ members, prefix }) => members.every((i) => prompts[i]!.length - 1 === prefix));
  return isWhole ? 'shared' : 'shared-with-suffixes';
}

/** What the attention of a batch reads of its prompts. */
export function promptFeeds(
  requests: readonly { prompt: readonly number[] }[],
  kind: PromptKind,
  groups: readonly PrefixGroup[],
): Tensors {
  const rows = groups.flatMap(({ members, prefix }) =>
    members.map((index) => ({ prompt: requests[index]!.prompt.slice(0, -1), prefix })),
  );
  if (kind === 'separate') {
    const { padded, lengths } = pad(rows.map(({ prompt }) => prompt));
    const promptOf = Int32Array.from(rows.keys());
    return { prompts: padded, prompt_lengths: lengths, prompt_of: int32(promptOf, [rows.length]) };
  }
  const firsts = groups.map(({ members: [first], prefix }) => requests[first!]!.prompt.slice(0, prefix));
  const prefixes = pad(firsts);
  const size = largest(groups.map(({ members }) => members.length));
  const slots = groups.flatMap(({ members }, group) => members.map((_, place) => group * size + place));
  const feeds: Tensors = {
    prefixes: prefixes.padded,
    prefix_lengths: prefixes.lengths,
    group_size: int64(BigInt64Array.of(BigInt(size)), [1]),
    slots: int32(Int32Array.from(slots), [slots.length]),
  };
  if (kind === 'shared') return feeds;
  const suffixes = pad(rows.map(({ prompt, prefix }) => prompt.slice(prefix)));
  return { ...feeds, suffixes: suffixes.padded, suffix_lengths: suffixes.lengths };
}

/** Rows of one width, int32 [rows, width], and their lengths, int32 [rows]. */
function pad(rows: Prompts): { padded: Tensors[string]; lengths: Tensors[string] } {
  const width = largest(rows.map(({ length }) => length));
  const tokens = new Int32Array(rows.length * width);
  rows.forEach((row, i) => tokens.set(row, i * width));
  return {
    padded: int32(tokens, [rows.length, width]),
    lengths: int32(Int32Array.from(rows, ({ length }) => length), [rows.length]),
  };
}
