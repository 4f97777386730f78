import { normalQuantile, Z95 } from './distributions.js';

/** How a correlation is claimed, and how sure it is to be. */
interface Claim {
  /** Standard errors that the claim's interval reaches; default: 1.96, one claim of 95 %. */
  reach?: number;
  /** Chance that the claim can be made when it is true, 0–1. */
  chance: number;
  /** How many times the variance of as many independent items without ties the items have; from 1, the default. */
  design?: number;
}

/**
 * Items with which a correlation is told from 0, by Fisher's z: n = 3 + d ((reach + z) / artanh ρ)², z the quantile of the chance.
 *
 * @param correlation −1 to 1, not 0.
 * @example
 * itemsToDetect(0.3, { chance: 0.8 }); // 85
 */
export function itemsToDetect(correlation: number, { reach = Z95, chance, design = 1 }: Claim): number {
  return items((reach + normalQuantile(chance)) / Math.atanh(Math.abs(correlation)), design);
}

/**
 * Items with which a correlation of 0 is shown to be within ± `margin`: its whole interval has to be (two one-sided tests, Schuirmann 1987), so
 * z is the quantile of (1 + chance) / 2.
 *
 * @param margin above 0 and below 1.
 */
export function itemsToShowNone(margin: number, { reach = Z95, chance, design = 1 }: Claim): number {
  return items((reach + normalQuantile((1 + chance) / 2)) / Math.atanh(margin), design);
}

const items = (errors: number, design: number): number => Math.ceil(3 + design * errors ** 2);
