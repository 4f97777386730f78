/** The one door randomness comes through: a seeded generator with named, independent streams. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, n). */
  integer(n: number): number;
  pick<T>(items: readonly T[]): T;
  /** A new array in random order. */
  shuffle<T>(items: readonly T[]): T[];
  /** Standard normal (Box–Muller). */
  normal(): number;
}

/** 32-bit FNV-1a: mixes a name into a seed. Not for security. */
function hash32(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/**
 * A generator that depends only on `seed` and `names`, so that work can be redone or reordered without
 * changing what other work draws: `random(7, 'rollout', task.id, step)`. Algorithm: splitmix-style mulberry32.
 */
export function random(seed: number, ...names: (string | number)[]): Random {
  let state = hash32(`${seed}/${names.join('/')}`);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (n: number): number => Math.floor(next() * n);
  return {
    next,
    integer,
    pick: (items) => {
      if (items.length === 0) throw new RangeError('pick: expected at least one item, got none');
      return items[integer(items.length)]!;
    },
    shuffle: (items) => {
      const out = [...items];
      for (let i = out.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        [out[i], out[j]] = [out[j]!, out[i]!];
      }
      return out;
    },
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
}
