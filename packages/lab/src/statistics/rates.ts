/** What the judge said and what is so: pass or fail. */
export type Verdicts = readonly [judge: boolean, label: boolean];

/** Each 0–1; null where it has no cases to be a share of. */
export interface Rates {
  /** Share of the labelled passes that the judge passes (TPR, recall). */
  sensitivity: number | null;
  /** Share of the labelled fails that the judge fails (TNR). */
  specificity: number | null;
  /** Share of the judge's passes that are labelled so. */
  precision: number | null;
  /** Mean of sensitivity and specificity: 0.5 for any judge that does not look, whatever the prevalence. Youden's J is twice it less 1. */
  balanced_accuracy: number | null;
  /** Share of all that is labelled pass. */
  prevalence: number | null;
}

/** The rates of a judge of pass and fail, from the table of two by two. */
export function rates(verdicts: readonly Verdicts[]): Rates {
  const count = (judge: boolean, label: boolean): number =>
    verdicts.filter(([a, b]) => a === judge && b === label).length;
  const [hit, miss] = [count(true, true), count(false, true)];
  const [rejected, falseAlarm] = [count(false, false), count(true, false)];
  const sensitivity = share(hit, miss);
  const specificity = share(rejected, falseAlarm);
  return {
    sensitivity,
    specificity,
    precision: share(hit, falseAlarm),
    balanced_accuracy: sensitivity === null || specificity === null ? null : (sensitivity + specificity) / 2,
    prevalence: share(hit + miss, rejected + falseAlarm),
  };
}

function share(of: number, rest: number): number | null {
  return of + rest === 0 ? null : of / (of + rest);
}
