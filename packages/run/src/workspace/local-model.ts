import type { LanguageModel } from '@touchstone/spec';

/** A model of this machine, from its folder. What runs one is loaded with the first: most judges are asked over the network. */
export async function localModel(folder: string): Promise<LanguageModel> {
  const { openLocalModel } = await import('@touchstone/engine');
  return openLocalModel(folder);
}
