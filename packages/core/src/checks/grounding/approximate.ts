/** Approximate search in one text for many patterns. */
export interface ApproximateSearch {
  /**
   * Whether some piece of the text is within `limit` insertions, deletions and substitutions of `pattern` (of UTF-16
   * units); `null` when looking would cost more than what is left of the budget.
   */
  occurs(pattern: string, limit: number): boolean | null;
}

const WORD = 32;

/**
 * Sellers' approximate substring search (1980) in the bit-parallel form of Myers (1999) and Hyyrö (2003): a column of
 * the matrix of edit distances is a few words of vertical differences, so a text of n and a pattern of m units take
 * n·⌈m/32⌉ steps, always.
 *
 * @param budget steps over all calls; one is a few nanoseconds.
 */
export function approximateSearch(text: string, budget: number): ApproximateSearch {
  // Units as small numbers, so that each pattern's table of positions is one flat array.
  const alphabet = new Map<number, number>();
  const units = Uint16Array.from({ length: text.length }, (_, i) => {
    const unit = text.charCodeAt(i);
    const known = alphabet.get(unit);
    if (known !== undefined) return known;
    alphabet.set(unit, alphabet.size);
    return alphabet.size - 1;
  });
  let left = budget;

  return {
    occurs(pattern, limit) {
      const { length } = pattern;
      if (limit >= length) return true;
      // Too long, even if all of the text were in it.
      if (length - limit > units.length) return false;
      const words = Math.ceil(length / WORD);
      const cost = units.length * words + alphabet.size * words;
      if (cost > left) return null;
      left -= cost;
      const positions = positionsOf(pattern, alphabet, words);
      return best(units, positions, length, words, limit);
    },
  };
}

/** For each unit of the text, the positions where the pattern has it, as bits: unit × word. */
function positionsOf(pattern: string, alphabet: ReadonlyMap<number, number>, words: number): Int32Array {
  const positions = new Int32Array(alphabet.size * words);
  for (let i = 0; i < pattern.length; i++) {
    const unit = alphabet.get(pattern.charCodeAt(i));
    if (unit !== undefined) positions[unit * words + (i >>> 5)]! |= 1 << (i & 31);
  }
  return positions;
}

/** Walks the columns and stops where the distance in the last row is within `limit`. */
function best(
  units: Uint16Array,
  positions: Int32Array,
  length: number,
  words: number,
  limit: number,
): boolean {
  const plus = new Int32Array(words).fill(-1);
  const minus = new Int32Array(words);
  const lastBit = (length - 1) & 31;
  let distance = length;
  for (const unit of units) {
    // Differences that enter a word from the one above. The first row is all zeros: a match may start anywhere.
    let plusIn = 0;
    let minusIn = 0;
    for (let word = 0; word < words; word++) {
      const up = plus[word]!;
      const down = minus[word]!;
      const equal = positions[unit * words + word]!;
      const start = equal | minusIn;
      const diagonal = ((((start & up) + up) | 0) ^ up) | start | down;
      const horizontalPlus = down | ~(diagonal | up);
      const horizontalMinus = diagonal & up;
      if (word === words - 1)
        distance += ((horizontalPlus >>> lastBit) & 1) - ((horizontalMinus >>> lastBit) & 1);
      const shiftedPlus = (horizontalPlus << 1) | plusIn;
      const shiftedMinus = (horizontalMinus << 1) | minusIn;
      plusIn = horizontalPlus >>> 31;
      minusIn = horizontalMinus >>> 31;
      const vertical = equal | down;
      plus[word] = shiftedMinus | ~(vertical | shiftedPlus);
      minus[word] = shiftedPlus & vertical;
    }
    if (distance <= limit) return true;
  }
  return false;
}
