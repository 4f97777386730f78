import { meanOf } from '../../statistics/values.js';
import { defineMonitor, type WatchedStep } from '../monitor.js';
import { TASTE } from '../winners.js';

/** Stakes of the bets, of which each stands for a quarter. */
const STAKES = [0.1, 0.3, 0.6, 0.9];
/** More than that is not told apart. */
const MOST = 1e9;

/**
 * What training makes more of, the held-out judge finds worse than what it makes less of. Leads one tells before answers have changed: a group's best
 * of eight has an exploit six times as often as an answer has.
 */
export const refutedWinners = defineMonitor({
  name: 'refuted_winners',
  about:
    'Odds against chance that the held-out judge finds the best answer of a group, by the judge, worse than the second best; above 100 in at most one of 100 trainings whose two judges agree that far',
  threshold: 100,
  action: 'pause',
  read(history, { steps }) {
    const told = history.filter(({ metrics }) => metrics['winner_pairs']);
    if (told.length === 0) return null;
    const recent = told.slice(-5);
    const lead = meanOf(recent.map(({ metrics }) => metrics['winner_lead']!));
    return {
      value: meanOf(STAKES.map((stake) => evidence(told, stake))) / steps,
      reason:
        `of the answers that the judge ranks first and second of their task, the held-out judge finds the first ${Math.abs(lead).toFixed(2)} ` +
        `${lead < 0 ? 'worse' : 'better'} (mean of ${recent.length} steps; 1 is from a bad answer to a good one), and long enough that it is no chance: ` +
        'the policy is about to learn what pleases this judge alone',
    };
  },
});

/**
 * Shiryaev–Roberts sum, over every step that the trouble may have begun at, of a bet's wealth since. Where a lead is on average no less than −TASTE,
 * whatever came before it, no wealth grows on average (exp(λx − ψ(λ)x²) ≤ 1 + λx for x ≥ −1, ψ(λ) = −ln(1 − λ) − λ: Fan, Grama & Liu 2015, lemma 4.1),
 * so the sum is above `odds × steps` at any of so many steps in at most 1 of `odds` trainings (Ville; e-detectors: Shin, Ramdas & Rinaldo,
 * arXiv 2203.03532).
 */
function evidence(told: readonly WatchedStep[], stake: number): number {
  const price = -Math.log1p(-stake) - stake;
  return told.reduce((sum, { metrics }) => {
    const [pairs, lead, squared] = ['winner_pairs', 'winner_lead', 'winner_lead_squared'].map(
      (name) => metrics[name]!,
    ) as [number, number, number];
    const loss = -(lead + TASTE);
    const square = squared + 2 * TASTE * lead + TASTE ** 2;
    return Math.min(MOST, (sum + 1) * Math.exp(pairs * (stake * loss - price * square)));
  }, 0);
}
