import type { TokenLoss, TrainingSequence } from '@touchstone/engine';
import type { z } from 'zod';

/** One group's answers, as far as advantages go by them. */
interface GroupScores {
  /** Rewards, 0–1; null marks an answer without one, which must not change the others' advantages. */
  scores_G: readonly (number | null)[];
  /** Tokens of each answer. */
  lengths_G: readonly number[];
}

/** How scored groups become an update of the weights, with its settings filled in. */
export interface Algorithm {
  /**
   * @param groups_P those of a step
   * @returns advantages_P_G; null for an answer that has no part in the loss, as where its reward was null
   */
  advantages(groups_P: readonly GroupScores[]): (number | null)[][];
  /**
   * How the loss is aggregated over the step: the `weight` of each token.
   * @param lengths_N tokens of each answer that has an advantage
   * @returns weights_N: of every token of that answer
   */
  tokenWeights(lengths_N: readonly number[]): number[];
  /**
   * The loss of tokens. Of its columns the trainer knows `old` (log-probability when sampled), `advantage`, `weight`, `share` (1 / all
   * tokens of the step, for figures), `length` (tokens of the answer) and `reference` (log-probability under the policy that training
   * starts from; only computed when named); the engine makes `sequence` and `entropy`.
   */
  loss: TokenLoss;
  /** Columns that an answer's loss takes from other answers. @param batch a step's, with every column that the trainer knows */
  complete?(batch: readonly TrainingSequence[]): TrainingSequence[];
  /** How often a step may draw for further tasks in place of groups without contrast. Default: 0. */
  tries?: number;
}

/** How far a judge's word about one answer goes apart when it is asked again, on the scale of the reward. */
export interface JudgeNoise {
  /** Standard error of measurement. */
  error: number;
  /** Two scores that differ by less are no change (95 %): 1.96 · √2 · error. */
  smallestChange: number;
}

/** What an algorithm goes by beside its own settings. */
export interface Circumstances {
  /** Tokens that an answer may have. */
  maxTokens: number;
  /** What the judge's examination found; null where nothing was measured. */
  noise: JudgeNoise | null;
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
  /** Why answers of a step are good for one update only. Absent: they are good for several. */
  oneUpdate?: string;
  open(settings: z.output<z.ZodObject<Settings>>, circumstances: Circumstances): Algorithm;
}

export const defineAlgorithm = <const Name extends string, Settings extends z.ZodRawShape>(
  definition: AlgorithmDefinition<Name, Settings>,
): AlgorithmDefinition<Name, Settings> => definition;
