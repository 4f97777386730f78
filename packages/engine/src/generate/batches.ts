import { largest } from '@touchstone/spec';
import { int32, int64, type Tensors } from '../graph/tensor.js';
import type { DecodingLoad } from './load.js';
import { prefixGroups, type PrefixGroup } from './prefix-groups.js';

/** Rows decoded together, about. More use the cores better and keep more KV cache in memory. */
const MOST_ROWS = 128;
/** Fewer are not worth a batch of their own. */
const LEAST_ROWS = 8;

type Prompts = readonly (readonly number[])[];

/** Prompts that are answered together, one row a prompt, those of a group side by side. */
type Batch = PrefixGroup[];

/** What is asked of a batch before it is computed. */
interface Estimates {
  /** Whether there is memory for it; a row that does not fit is decoded alone. */
  fits: (load: DecodingLoad) => boolean;
  /** How long it takes, in any unit. */
  work: (load: DecodingLoad) => number;
}

/**
 * Every prompt once, in batches of rows whose prompts begin alike, all of about the same size; those of a batch for which there is no memory are parted again.
 * @param tracks batches that are computed at the same time
 * @param answer tokens of the longest answer
 */
export function batchesOf(
  prompts: Prompts,
  tracks: number,
  answer: number,
  { fits, work }: Estimates,
): Batch[] {
  const batched = (indices: readonly number[], rows: number): Batch[] => {
    const some = indices.map((i) => prompts[i]!);
    const ways = waysOfAbout(some, tracks, rows).map((batches) => {
      const loads = batches.map((batch) => loadOf(some, batch, answer));
      return { batches, fit: loads.map((load) => rows === 1 || fits(load)), time: sumOf(loads.map(work)) };
    });
    const whole = ways.filter(({ fit }) => fit.every(Boolean));
    const { batches, fit } = (whole.length > 0 ? whole : ways).reduce((a, b) => (b.time < a.time ? b : a));
    return batches.flatMap((batch, b) => {
      const own = batch.map(({ members, prefix }) => ({ members: members.map((i) => indices[i]!), prefix }));
      return fit[b]
        ? [own]
        : batched(
            own.flatMap(({ members }) => members),
            rows / 2,
          );
    });
  };
  return prompts.length === 0 ? [] : batched([...prompts.keys()], MOST_ROWS);
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0);

/** What is computed of a batch of `prompts`. */
export function loadOf(prompts: Prompts, batch: Batch, answer: number): DecodingLoad {
  const suffixes = batch.flatMap(({ members, prefix }) =>
    members.map((i) => prompts[i]!.length - prefix - 1),
  );
  return {
    prefixes: batch.length,
    prefix: largest(batch.map(({ prefix }) => prefix)),
    rows: suffixes.length,
    slots: batch.length * largest(batch.map(({ members }) => members.length)),
    suffix: largest(suffixes),
    answer,
  };
}

/**
 * Ways to batch prompts. What is filled up decides which is best, and that is of a batch, not of a group: groups of up to so many, each way half as
 * many as the one before, down to rows that share nothing.
 */
function waysOfAbout(prompts: Prompts, tracks: number, rows: number): Batch[][] {
  const rounds = Math.ceil(prompts.length / (tracks * rows));
  const count = Math.max(
    1,
    Math.min(rounds * tracks, Math.floor(prompts.length / Math.min(LEAST_ROWS, rows))),
  );
  const ways: Batch[][] = [];
  for (let most = Math.ceil(prompts.length / count); most >= 1; most = Math.floor(most / 2)) {
    ways.push(shareOut(prefixGroups(prompts, most), count));
  }
  return ways;
}

/** Parts groups into batches of about as many rows. */
function shareOut(groups: PrefixGroup[], count: number): Batch[] {
  // Groups of one size waste no slots, and prompts of one length no padding.
  groups.sort((a, b) => b.members.length - a.members.length || a.prefix - b.prefix);
  const total = sumOf(groups.map(({ members }) => members.length));
  const batches: Batch[] = Array.from({ length: count }, () => []);
  let rows = 0;
  for (const group of groups) {
    const middle = rows + group.members.length / 2;
    batches[Math.floor((middle / total) * count)]!.push(group);
    rows += group.members.length;
  }
  return batches.filter((batch) => batch.length > 0);
}

/** What `readPrompts` reads of a batch. */
export function promptFeeds(prompts: Prompts, groups: Batch): Tensors {
  const prefixes = pad(groups.map(({ members: [first], prefix }) => prompts[first!]!.slice(0, prefix)));
  const size = largest(groups.map(({ members }) => members.length));
  const slots = groups.flatMap(({ members }, group) => members.map((_, place) => group * size + place));
  const feeds: Tensors = {
    prefixes: prefixes.padded,
    prefix_lengths: prefixes.lengths,
    group_size: int64(BigInt64Array.of(BigInt(size)), [1]),
    slots: int32(Int32Array.from(slots), [slots.length]),
  };
  const rest = groups.flatMap(({ members, prefix }) => members.map((i) => prompts[i]!.slice(prefix, -1)));
  if (rest.every(({ length }) => length === 0)) return feeds;
  const suffixes = pad(rest);
  return { ...feeds, suffixes: suffixes.padded, suffix_lengths: suffixes.lengths };
}

/** Rows of one width, int32 [rows, width], and their lengths, int32 [rows]. */
function pad(rows: Prompts): { padded: Tensors[string]; lengths: Tensors[string] } {
  const width = largest(rows.map(({ length }) => length));
  const tokens = new Int32Array(rows.length * width);
  rows.forEach((row, i) => tokens.set(row, i * width));
  return {
    padded: int32(tokens, [rows.length, width]),
    lengths: int32(
      Int32Array.from(rows, ({ length }) => length),
      [rows.length],
    ),
  };
}
