/** Prompts that are read together: the first `prefix` tokens once, for all. */
export interface PrefixGroup {
  /** Indices of the prompts, those that are equal side by side. */
  members: number[];
  /** Tokens that all of them begin with: each has at least one more. */
  prefix: number;
}

/**
 * What a group costs beside its positions, and a row that goes on after its prefix, in positions: for a few tokens more in
 * common a group is not worth parting, nor rows worth joining.
 */
export const PER_GROUP = 64;
export const PER_ROW = 16;

/**
 * Groups prompts by what they begin with, so that few positions are read and kept: a group reads its common prefix once, and
 * the rest of each of its prompts but the last token, which decoding itself reads. The best of all ways to part the prompts in
 * lexicographic order, where those that have much in common lie side by side.
 *
 * @param prompts each of at least two tokens
 * @param most prompts of a group
 */
export function prefixGroups(prompts: readonly (readonly number[])[], most: number): PrefixGroup[] {
  const order = prompts.map((_, i) => i).sort((a, b) => compare(prompts[a]!, prompts[b]!) || a - b);
  const sorted = order.map((i) => prompts[i]!);
  const common = sorted.map((prompt, i) => (i === 0 ? 0 : commonLength(sorted[i - 1]!, prompt)));
  // Of the first n prompts: the fewest positions, and where the last group begins then.
  const best = [{ positions: 0, start: 0, prefix: 0 }];
  for (let n = 1; n <= sorted.length; n++) {
    let prefix = sorted[n - 1]!.length - 1;
    let [tokens, chosen] = [0, { positions: Infinity, start: 0, prefix: 0 }];
    for (let start = n - 1; start >= Math.max(0, n - most) && prefix > 0; start--) {
      const size = n - start;
      prefix = Math.min(prefix, sorted[start]!.length - 1);
      tokens += sorted[start]!.length - 1;
      const own = tokens - size * prefix;
      const positions = best[start]!.positions + prefix + own + PER_GROUP + (own > 0 ? size * PER_ROW : 0);
      // Of two ways as good the larger group: it is computed as one.
      if (positions <= chosen.positions) chosen = { positions, start, prefix };
      prefix = Math.min(prefix, common[start]!);
    }
    best.push(chosen);
  }
  const groups: PrefixGroup[] = [];
  for (let n = sorted.length; n > 0; n = best[n]!.start) {
    const { start, prefix } = best[n]!;
    groups.push({ members: order.slice(start, n), prefix });
  }
  return groups.reverse();
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = commonLength(a, b);
  return (a[at] ?? -1) - (b[at] ?? -1);
}

function commonLength(a: readonly number[], b: readonly number[]): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  return at;
}
