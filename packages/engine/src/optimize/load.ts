/** What is computed, in tokens: the sizes of attention's tables, and the work of what is in them. */
export interface Load {
  prompts: number;
  /** Of the longest prompt. */
  prompt: number;
  answers: number;
  /** Of the longest answer. */
  answer: number;
  /** Of all answers to one prompt, where they are most. */
  readers: number;
  tokens: number;
  /** Tokens whose log-probabilities are computed. */
  scored: number;
  /** Pairs of tokens that attend. */
  pairs: number;
}

/** Tokens of a micro-batch: few enough that what a layer reads stays near the cores, enough to fill them. */
export const TOKENS = 2048;
/** A group of more is computed in parts, its prompt in each. */
export const GROUP_TOKENS = 4 * TOKENS;
/** Of a small model, the rest of a layer's work on a token is as much as attending to this many. */
const PAIRS_PER_TOKEN = 512;

export const loadOfPrompt = (length: number): Load => ({
  prompts: 1,
  prompt: length,
  answers: 0,
  answer: 0,
  readers: 0,
  tokens: length,
  scored: 0,
  pairs: length * length,
});

/** @param length tokens of the answer that are computed: all but the last, which is only predicted */
export function withAnswer(load: Load, length: number): Load {
  const scored = load.scored + length + 1;
  if (length === 0) return { ...load, scored };
  return {
    ...load,
    scored,
    answers: load.answers + 1,
    answer: Math.max(load.answer, length),
    readers: load.readers + length,
    tokens: load.tokens + length,
    pairs: load.pairs + length * (length + load.prompt),
  };
}

export const joined = (a: Load, b: Load): Load => ({
  prompts: a.prompts + b.prompts,
  prompt: Math.max(a.prompt, b.prompt),
  answers: a.answers + b.answers,
  answer: Math.max(a.answer, b.answer),
  readers: Math.max(a.readers, b.readers),
  tokens: a.tokens + b.tokens,
  scored: a.scored + b.scored,
  pairs: a.pairs + b.pairs,
});

/** Whether at least half of the work is on tokens that are there. */
export function isDense({ prompts, prompt, answers, answer, readers, tokens, pairs }: Load): boolean {
  const others = PAIRS_PER_TOKEN * tokens;
  const filled = prompts * prompt * (prompt + readers) + answers * answer * answer;
  return filled + others <= 2 * (pairs + others);
}
