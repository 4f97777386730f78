import { type Pair, sides } from './pairs.js';
import { finite, meanOf, squaresOf } from './values.js';
import { rates, type Verdicts } from './rates.js';

/**
 * The share of answers that are truly good, from the share that an imperfect judge passes (Rogan and Gladen 1978):
 * (p + TNR − 1) / (TPR + TNR − 1), kept to 0–1.
 *
 * @param judged what the judge said of answers without labels.
 * @param labelled answers of the same population with labels: the rates of the judge move with the policy, so it must be that one.
 * @returns null without answers of each kind, or for a judge that does not tell good from bad (TPR + TNR ≤ 1).
 */
export function roganGladen(judged: readonly boolean[], labelled: readonly Verdicts[]): number | null {
  const { balanced_accuracy: accuracy, specificity } = rates(labelled);
  if (judged.length === 0 || accuracy === null || specificity === null || accuracy <= 0.5) return null;
  const passed = meanOf(judged.map(Number));
  return Math.max(0, Math.min(1, (passed + specificity - 1) / (2 * accuracy - 1)));
}

/** An estimate of the mean label, and how much of it leans on the judge. */
export interface PredictionPowered {
  mean: number;
  /** 0: the labels alone; 1: the judge's score counts in full. */
  lambda: number;
}

/**
 * Prediction-powered inference of a mean (PPI++, Angelopoulos, Duchi and Zrnic 2023): mean(h) + λ (mean of f over the judged −
 * mean of f over the labelled) for labels h and judge's scores f, with λ = cov(h, f) / ((1 + n / N) var(f)), kept to 0–1, which is what makes it
 * no wider than the labels alone. Right for graded scores, and for a judge that is off.
 *
 * @param judged the judge's scores of answers without labels (N).
 * @param labelled [judge's score, label] of answers drawn from the same population (n).
 * @returns null for fewer than two labelled or no judged answers.
 * @throws {RangeError} a reading is not finite.
 */
export function predictionPowered(
  judged: readonly number[],
  labelled: readonly Pair[],
): PredictionPowered | null {
  finite(judged, 'scores');
  const [scores, labels] = sides(labelled);
  if (labelled.length < 2 || judged.length === 0) return null;
  const [meanScore, meanLabel] = [meanOf(scores), meanOf(labels)];
  let covariance = 0;
  for (let i = 0; i < scores.length; i++) covariance += (scores[i]! - meanScore) * (labels[i]! - meanLabel);
  covariance /= labelled.length - 1;
  const variance = squaresOf([...scores, ...judged]) / (labelled.length + judged.length - 1);
  const best = variance > 0 ? covariance / ((1 + labelled.length / judged.length) * variance) : 0;
  const lambda = Math.max(0, Math.min(1, best));
  return { mean: meanLabel + lambda * (meanOf(judged) - meanScore), lambda };
}
