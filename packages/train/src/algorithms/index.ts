import type { Algorithm, AlgorithmDefinition } from './algorithm.js';
import { grpo } from './grpo/grpo.js';

/** Every training algorithm. The first is the default. */
export const ALGORITHMS = [grpo] as const;

/** The algorithm that `training.algorithm` names, with the settings beside it. */
export function openAlgorithm(training: { algorithm: (typeof ALGORITHMS)[number]['name'] }): Algorithm {
  const table: readonly AlgorithmDefinition[] = ALGORITHMS;
  return table.find(({ name }) => name === training.algorithm)!.open(training);
}
