/** More is not told apart. */
const MOST = 1e9;

/**
 * Odds against chance that a trouble has begun at some step: a Shiryaev–Roberts sum, over every step that it may have begun at, of a bet's wealth since,
 * as a share of the training's steps. Where no bet's wealth grows on average, whatever came before it, that is above 100 at any step of at most 1 in 100
 * trainings (Ville's inequality; e-detectors: Shin, Ramdas & Rinaldo, arXiv 2203.03532).
 *
 * @param bets of the steps so far: the logarithm of what a step multiplies the stake by
 * @param steps of the whole training
 */
export const oddsOf = (bets: readonly number[], steps: number): number =>
  bets.reduce((sum, bet) => Math.min(MOST, (sum + 1) * Math.exp(bet)), 0) / steps;
