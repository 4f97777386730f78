import type { Usage } from '@touchstone/spec';
import type { Price } from '../providers/schema.js';
import type { Cost } from './budget.js';

/** Tokens of one request. */
export interface Tokens {
  inputTokens: number;
  outputTokens: number;
}

export const NO_COST: Cost = { money: 0, tokens: 0 };

/** US dollars; prices are per million tokens. */
function moneyOf({ inputTokens, outputTokens }: Tokens, price: Price | undefined): number {
  return price ? (inputTokens * price.input + outputTokens * price.output) / 1e6 : 0;
}

/** What so many tokens cost; no money where there is no price. */
export function costOf(tokens: Tokens, price: Price | undefined): Cost {
  return { money: moneyOf(tokens, price), tokens: tokens.inputTokens + tokens.outputTokens };
}

/** One request that was paid for. */
export function usageOf(tokens: Tokens, price: Price | undefined): Usage {
  const { inputTokens, outputTokens } = tokens;
  return { calls: 1, saved: 0, inputTokens, outputTokens, money: moneyOf(tokens, price) };
}
