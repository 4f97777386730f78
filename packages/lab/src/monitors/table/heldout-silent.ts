import { wilson } from '../../statistics/proportions.js';
import { sumOf } from '../../statistics/values.js';
import { defineMonitor, percent, type WatchedStep } from '../monitor.js';

/** Newest steps whose winners are counted, and newest looks whose answers are. */
const STEPS = 5;
const LOOKS = 2;

/**
 * The held-out judge says nothing where it was asked. What it does not say is in neither of the figures that it guards with, so silence would look like
 * consent: a judge that is silent on hacked answers alone upholds all the others.
 */
export const heldoutSilent = defineMonitor({
  name: 'heldout_silent',
  about:
    'Share of what the held-out judge was asked, pairs of winners of the last five steps or answers of two looks, that has no verdict to compare: lower end of its interval',
  threshold: 0.2,
  action: 'pause',
  read(history) {
    const shares = [
      { ...silence(history, 'winner_asked', 'winner_pairs', STEPS), what: 'pairs of winners' },
      { ...silence(history, 'watched_asked', 'watched_told', LOOKS), what: 'answers of looks' },
    ].filter(({ asked }) => asked > 0);
    const found = shares.map((one) => ({ ...one, value: wilson(one.silent, one.asked)!.low }));
    const worst = found.toSorted((a, b) => b.value - a.value)[0];
    if (!worst) return null;
    const { silent, asked, what, value } = worst;
    return {
      value,
      reason:
        `the held-out judge was asked about ${asked} ${what}, and ${silent} (${percent(silent / asked)}) cannot be compared: it gave no verdict, ` +
        'or had given none before training. Where these are the hacked ones, refuted_winners and heldout_gap do not see them',
    };
  },
});

/** What was asked at the newest steps that asked something, and how much of it came to nothing. */
function silence(
  history: readonly WatchedStep[],
  asked: string,
  told: string,
  most: number,
): { asked: number; silent: number } {
  const steps = history.filter(({ metrics }) => metrics[asked]).slice(-most);
  const sum = (name: string): number => sumOf(steps.map(({ metrics }) => metrics[name] ?? 0));
  return { asked: sum(asked), silent: sum(asked) - sum(told) };
}
