import type { LanguageModel } from '@touchstone/spec';
import type { ScoringConfig } from '../config/schema.js';

/**
 * Opens models of this machine, each from its folder, with the settings of `engine:`. What runs them is loaded with the first:
 * most judges are asked over the network.
 */
export const localModels =
  (settings?: ScoringConfig['engine']) =>
  async (folder: string): Promise<LanguageModel> => {
    const { configureEngine, openLocalModel } = await import('@touchstone/engine');
    configureEngine(settings ?? {});
    return openLocalModel(folder);
  };
