import type { TrainingJob } from '@touchstone/run';

/** A base that is as good as this has little to learn. */
const GOOD_ENOUGH = 0.95;
/** With fewer answers that are worth anything, most groups have nothing to compare. */
const TOO_SPARSE = 0.05;

/** What the base's own scores say of a training by reinforcement, as AWS advises; null: nothing against it. */
export function baselineRemark({ workspace: { store } }: Pick<TrainingJob, 'workspace'>): string | null {
  const scores = store
    .rollouts('evaluate base')
    .flatMap(({ reward }) => (reward?.status === 'scored' ? [reward.score] : []));
  if (scores.length === 0) return null;
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const positive = scores.filter((score) => score > 0).length / scores.length;
  const said = `the base has a mean reward of ${mean.toFixed(3)} over ${scores.length} answers`;
  if (mean > GOOD_ENOUGH) return `${said}: a training can hardly raise it`;
  if (positive === 0)
    return `${said}: no answer is worth anything, and reinforcement has nothing to begin with. Fine-tune on examples first`;
  if (positive < TOO_SPARSE) {
    return `${said}, and ${(100 * positive).toFixed(1)} % of them are above 0: too few for groups to differ. Fine-tune on examples first, or give partial credit`;
  }
  return null;
}
