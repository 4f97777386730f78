import { InputError } from '@touchstone/spec';
import { createHash } from 'node:crypto';
import { CausalLM } from './model.js';
import { ChatTokenizer } from './tokenizer/tokenizer.js';

/** A model that chats: its weights, and what turns conversations into its tokens and back. */
export interface ModelFolder {
  model: CausalLM;
  tokenizer: ChatTokenizer;
}

/**
 * Opens a Hugging Face folder, as everything that uses or examines one does.
 * @throws {InputError} when the folder is no model that the engine can run, or its parts do not fit each other
 */
export async function loadModelFolder(folder: string): Promise<ModelFolder> {
  const [model, tokenizer] = await Promise.all([CausalLM.load(folder), ChatTokenizer.load(folder)]);
  const { eosTokens, vocabulary } = model.config;
  if (eosTokens.length === 0) {
    throw InputError.at(
      { file: folder },
      'neither config.json, generation_config.json nor the tokenizer names an eos_token; answers would never end',
    );
  }
  if (tokenizer.size > vocabulary) {
    throw InputError.at(
      { file: folder },
      `tokenizer.json has ${tokenizer.size} tokens, and the model ${vocabulary}; they belong to different models`,
    );
  }
  return { model, tokenizer };
}

/** SHA-256 of all that decides what a model answers, 16 hex digits: weights, what is calculated with them, tokenizer. */
export function fingerprintOf({ model, tokenizer }: ModelFolder): string {
  const { source: _, ...facts } = model.config;
  return createHash('sha256')
    .update(model.fingerprint() + JSON.stringify(facts) + tokenizer.fingerprint())
    .digest('hex')
    .slice(0, 16);
}
