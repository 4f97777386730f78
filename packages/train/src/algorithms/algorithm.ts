import type { TokenLoss } from '@touchstone/engine';
import type { z } from 'zod';

/** How scored groups become an update of the weights, with its settings filled in. */
export interface Algorithm {
  /**
   * @param rewards_G one group's rewards, 0–1; null marks a rollout without one, which must not change the others'
   * @returns advantages_G; null where the reward was null
   */
  advantages(rewards_G: readonly (number | null)[]): (number | null)[];
  /**
   * How the loss is aggregated over the step: the `weight` of each token.
   * @param lengths_N tokens of each answer that has an advantage
   * @returns weights_N: of every token of that answer
   */
  tokenWeights(lengths_N: readonly number[]): number[];
  /**
   * The loss of tokens. Of its columns the trainer knows `old` (log-probability when sampled), `advantage`, `weight`
   * and `reference` (log-probability under the policy that training starts from; only computed when named).
   */
  loss: TokenLoss;
}

/** An entry of the table of algorithms. */
export interface AlgorithmDefinition<
  Name extends string = string,
  Settings extends z.ZodRawShape = z.ZodRawShape,
> {
  /** What `training.algorithm` calls it. */
  name: Name;
  description: string;
  /** Its own keys of `training:`, with defaults. */
  settings: Settings;
  open(settings: z.output<z.ZodObject<Settings>>): Algorithm;
}

export const defineAlgorithm = <const Name extends string, Settings extends z.ZodRawShape>(
  definition: AlgorithmDefinition<Name, Settings>,
): AlgorithmDefinition<Name, Settings> => definition;
