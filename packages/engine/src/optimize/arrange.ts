import { GROUP_TOKENS, isDense, joined, loadOfPrompt, TOKENS, withAnswer, type Load } from './load.js';
import type { TrainingSequence } from './micro-batches.js';

/** Tokens, of which those from `start` on are scored. */
type Sequence = Pick<TrainingSequence, 'tokens' | 'start'>;

/** Answers to one prompt, which is computed once for all of them. */
interface Group {
  prompt: readonly number[];
  /** Indices of the sequences. */
  members: number[];
  load: Load;
}

/** What is computed in one run. */
export interface Batch {
  groups: Group[];
  load: Load;
}

/**
 * Sequences whose tokens before `start` are equal share them, and groups of similar size are computed together. Only
 * attention's tables are filled up, and what fills them is at most as much work as what is in them.
 * @param positions tokens that a sequence may have
 * @param fits whether there is memory for it; a sequence that does not fit is computed alone
 * @throws {RangeError} when a sequence has more, or nothing before its first scored token.
 */
export function arrange(
  sequences: readonly Sequence[],
  positions: number,
  fits: (load: Load) => boolean,
): Batch[] {
  const batches: Batch[] = [];
  for (const group of groupByPrompt(sequences, positions, fits)) {
    const last = batches.at(-1);
    const together = last && joined(last.load, group.load);
    if (together && together.tokens <= TOKENS && isDense(together) && fits(together)) {
      last.groups.push(group);
      last.load = together;
    } else {
      batches.push({ groups: [group], load: group.load });
    }
  }
  return batches;
}

/** @returns the largest first */
function groupByPrompt(
  sequences: readonly Sequence[],
  positions: number,
  fits: (load: Load) => boolean,
): Group[] {
  sequences.forEach(({ tokens, start }, i) => {
    if (start < 1) throw new RangeError(`sequence ${i}: nothing comes before its first scored token`);
    if (tokens.length > positions)
      throw new RangeError(`sequence ${i} has ${tokens.length} tokens, the model ${positions} positions`);
  });
  const answerOf = (i: number): number => sequences[i]!.tokens.length - sequences[i]!.start;
  const longestFirst = sequences.map((_, i) => i).sort((a, b) => answerOf(b) - answerOf(a));
  const groups: Group[] = [];
  const byPrompt = new Map<string, Group>();
  for (const i of longestFirst) {
    if (answerOf(i) === 0) continue;
    const { tokens, start } = sequences[i]!;
    const prompt = tokens.slice(0, start);
    const key = prompt.join();
    // The model never needs the last token's prediction.
    const length = answerOf(i) - 1;
    const known = byPrompt.get(key);
    const together = known && withAnswer(known.load, length);
    if (together && together.tokens <= GROUP_TOKENS && isDense(together) && fits(together)) {
      known.members.push(i);
      known.load = together;
    } else {
      const group = { prompt, members: [i], load: withAnswer(loadOfPrompt(start), length) };
      byPrompt.set(key, group);
      groups.push(group);
    }
  }
  return groups.sort((a, b) => b.load.tokens - a.load.tokens);
}
