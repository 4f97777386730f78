import { type Pair, sides } from './pairs.js';
import { rates, type Verdicts } from './rates.js';
import { finite, meanOf } from './values.js';

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
  return predictionPoweredOfSums(judgedSums(judged), labelledSums(labelled));
}

/** Number, sum and sum of squares of scores. */
export function judgedSums(scores: readonly number[]): number[] {
  const sums = [scores.length, 0, 0];
  for (const score of finite(scores, 'scores')) {
    sums[1]! += score;
    sums[2]! += score * score;
  }
  return sums;
}

/** The same, then the sum of labels and of score times label. */
export function labelledSums(pairs: readonly Pair[]): number[] {
  const [scores, labels] = sides(pairs);
  const sums = [...judgedSums(scores), 0, 0];
  for (let i = 0; i < labels.length; i++) {
    sums[3]! += labels[i]!;
    sums[4]! += scores[i]! * labels[i]!;
  }
  return sums;
}

/** `predictionPowered`, from the sums over each sample. */
export function predictionPoweredOfSums(
  judged: readonly number[],
  labelled: readonly number[],
): PredictionPowered | null {
  const [total, sum, squares] = judged as [number, number, number];
  const [n, scores, scoreSquares, labels, products] = labelled as [number, number, number, number, number];
  if (n < 2 || total === 0) return null;
  const covariance = (products - (scores * labels) / n) / (n - 1);
  const variance = (squares + scoreSquares - (sum + scores) ** 2 / (n + total)) / (n + total - 1);
  const best = variance > 1e-12 ? covariance / ((1 + n / total) * variance) : 0; // not 0: sums are rounded
  const lambda = Math.max(0, Math.min(1, best));
  return { mean: labels / n + lambda * (sum / total - scores / n), lambda };
}
