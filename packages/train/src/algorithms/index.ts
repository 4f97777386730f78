import { InputError } from '@touchstone/spec';
import type { Algorithm, AlgorithmDefinition, JudgeNoise } from './algorithm.js';
import { bestOfN } from './best-of-n.js';
import { cispo } from './cispo.js';
import { dapo } from './dapo.js';
import { dpo } from './dpo.js';
import { drGrpo } from './dr-grpo.js';
import { grpo } from './grpo.js';
import { gspo } from './gspo.js';
import { rloo } from './rloo.js';

/** Every training algorithm. The first is the default. */
export const ALGORITHMS = [grpo, drGrpo, dapo, rloo, gspo, cispo, bestOfN, dpo] as const;
export type AlgorithmName = (typeof ALGORITHMS)[number]['name'];

/**
 * The algorithm that `training.algorithm` names, with the settings beside it.
 *
 * @param noise what the judge's examination found; only asked for where a setting is `judge`
 * @throws {InputError} a setting is `judge` and there is none, or the algorithm cannot have a setting that all have.
 */
export function openAlgorithm(
  training: { algorithm: AlgorithmName; updates_per_step: number },
  { max_tokens: maxTokens }: { max_tokens: number },
  noise: JudgeNoise | null = null,
): Algorithm {
  const table: readonly AlgorithmDefinition[] = ALGORITHMS;
  const { name, oneUpdate, open } = table.find((one) => one.name === training.algorithm)!;
  const { updates_per_step: updates } = training;
  if (oneUpdate !== undefined && updates > 1) {
    const message = `training.updates_per_step is ${updates}: expected 1 with ${name}, ${oneUpdate}`;
    throw new InputError([{ message }]);
  }
  return open(training, { maxTokens, noise });
}
