import { logProbabilities, type CausalLM, type TokenLoss, type TrainingSequence } from '@touchstone/engine';

/** A batch for other weights than drew it. */
export interface Corrected {
  batch: readonly TrainingSequence[];
  /** `effective_tokens` and `importance_capped`, as the registry of metrics has them. */
  metrics: Record<string, number>;
}

/** For the weights that drew it. */
export const uncorrected = (batch: readonly TrainingSequence[]): Corrected => ({
  batch,
  metrics: { effective_tokens: 1, importance_capped: 0 },
});

/**
 * Truncated importance sampling, apart from the loss (decoupled, AReaL, arXiv 2505.24298): a token counts min(π / π_drawn, cap) times, and
 * the ratio that losses clip starts at 1 from the present weights π. It is all in the columns `weight` and `old`, so any loss can have it. One without
 * `old` learns from answers whoever drew them: their tokens keep their weights.
 *
 * @param batch with log π_drawn as `old`
 * @param loss of which `columns` is read
 * @param cap ≥ 1
 * @param temperature that the answers were drawn at
 * @returns the effective share of n tokens with ratios r, not capped, is (Σr)² / (n Σr²) (Kish)
 */
export async function correctForAge(
  model: CausalLM,
  batch: readonly TrainingSequence[],
  loss: Pick<TokenLoss, 'columns'>,
  cap: number,
  temperature: number,
): Promise<Corrected> {
  if (batch.length === 0) return uncorrected(batch);
  const present = await logProbabilities(model, batch, temperature);
  const ratios = batch.map(({ columns }, i) =>
    present[i]!.map((logprob, t) => Math.exp(logprob - valueAt(columns['old']!, t))),
  );
  const total = (value: (ratio: number) => number): number =>
    ratios.reduce((sum, of) => of.reduce((part, ratio) => part + value(ratio), sum), 0);
  const tokens = total(() => 1);
  const weightsOf = ({ columns }: TrainingSequence, i: number): Float32Array =>
    ratios[i]!.map((ratio, t) => Math.min(ratio, cap) * valueAt(columns['weight']!, t));
  const weighs = loss.columns.includes('old');
  return {
    batch: batch.map((sequence, i) => ({
      ...sequence,
      columns: {
        ...sequence.columns,
        old: present[i]!,
        ...(weighs && { weight: weightsOf(sequence, i) }),
      },
    })),
    metrics: {
      effective_tokens: total((ratio) => ratio) ** 2 / (tokens * total((ratio) => ratio ** 2)),
      importance_capped: total((ratio) => (ratio > cap ? 1 : 0)) / tokens,
    },
  };
}

const valueAt = (column: ArrayLike<number> | number, token: number): number =>
  typeof column === 'number' ? column : column[token]!;
