import type { ModuleUrl } from '../files/load-module.js';
import type { LanguageModelV3, SharedV3ProviderOptions } from '@ai-sdk/provider';
import type { LanguageModel } from '@touchstone/spec';
import type { Env } from './keys.js';
import type { NamedModel } from './settings.js';

/** Settings that not every provider can honour. */
export type OptionalSetting = 'seed' | 'max_tokens_field' | 'extra_body';

/** What a model needs besides an API, as its name says; paths are as the configuration has them. */
interface Needs {
  /** A Hugging Face folder. */
  folder?: string;
  /** An ES module of the user's own. */
  module?: string;
  /** An npm package of the user's choice. */
  package?: string;
}

export interface OpenContext {
  /** Where keys are read from. */
  env: Env;
  /** Folder that paths and packages are looked for from: the configuration's. */
  baseDir: string;
  /** What Node's `import` takes for a module of the user's own, by its absolute path. Default: its file. */
  moduleUrl: ModuleUrl | undefined;
  /** Loads a folder of weights by its absolute path; absent where there is no engine. */
  localModel: ((folder: string) => Promise<LanguageModel>) | undefined;
}

/** A model of an AI SDK package, with what messages say of its calls. */
export interface SdkModel {
  model: Pick<LanguageModelV3, 'doGenerate'>;
  /** What a refused key should make the user look at. */
  keySource: string;
  /** What no message may repeat, as of now: keys are renewed. */
  secrets: () => readonly string[];
}

/** One way to reach language models: all that there is to know of it, for whatever lists providers. */
export interface Provider {
  /** What stands before the colon of `provider:model`. */
  name: string;
  /** A whole `provider:model`. */
  example: string;
  /** Its name in OpenTelemetry's conventions, where that is another. */
  telemetryName?: string;
  /** The environment variable that holds the key, where the configuration names none. */
  defaultKey?: string;
  /**
   * npm packages and modules of this folder (`./x.js`) that only `open` imports, as it names them: what a bundle without
   * this provider leaves out.
   */
  loads: readonly string[];
  /** Likewise, and no function in Lambda has a use for them. */
  loadsOnMachines?: readonly string[];
  /** The engine of this machine answers: no key, no limits, never in AWS Lambda. */
  isLocal?: true;
  settings: readonly OptionalSetting[];
  /** Where a prompt's cached part ends must be told, in these words, for models that cache. Others cache by themselves. */
  promptCache?: { marker: SharedV3ProviderOptions; isKnownFor(name: string): boolean };
  /** @throws {InputError} when the name is none that this provider can have. */
  needs?(name: string): Needs;
  /**
   * Makes a model ready to be asked; nothing is sent to it yet. Whatever is heavy is imported here: every bundle has this
   * file.
   *
   * @param name the provider's own name of the model, all behind the colon.
   * @throws {InputError} when something that it needs is missing.
   */
  open(name: string, config: NamedModel, context: OpenContext): Promise<SdkModel | LanguageModel>;
}

/** Says that an object is a provider, and lets its functions be typed by it. */
export function defineProvider(provider: Provider): Provider {
  return provider;
}
