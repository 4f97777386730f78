import { InputError, type LanguageModel } from '@touchstone/spec';
import { fromProvider } from './from-provider.js';
import { parseModelId } from './model-id.js';
import { versionAt } from './model-version.js';
import type { OpenContext } from './provider.js';
import { settingProblems } from './setting-problems.js';
import type { NamedModel } from './settings.js';

export interface OpenModelOptions {
  /** Loads `local:FOLDER` by the folder's absolute path; `core` has no engine of its own. */
  localModel?: OpenContext['localModel'];
  /** Where keys are read from. Default: the process's environment. */
  env?: Record<string, string | undefined> | undefined;
  /** Folder of the configuration, for modules and packages that a model names. Default: the process's working folder. */
  baseDir?: string;
  /** What Node's `import` takes for a module of the user's own, by its absolute path. Default: its file. */
  moduleUrl?: OpenContext['moduleUrl'];
  /** Milliseconds since the epoch. Default: the system's clock. */
  now?: () => number;
}

/**
 * The model that `provider:model` names, ready to be asked. Nothing is sent to it yet. Only the provider's own package is
 * loaded.
 *
 * @throws {InputError} for an unknown provider, a setting that it cannot honour, or anything that it needs and is
 *   missing: a base_url, a key, AWS credentials, a package, a module.
 */
export async function openModel(config: NamedModel, options: OpenModelOptions = {}): Promise<LanguageModel> {
  const { provider, name } = parseModelId(config.model);
  const problems = settingProblems(config);
  if (problems.length > 0) {
    throw new InputError(
      problems.map(({ key, message }) => ({ message: `${config.model}: ${key}: ${message}` })),
    );
  }
  const opened = await provider.open(name, config, {
    env: options.env ?? process.env,
    baseDir: options.baseDir ?? process.cwd(),
    moduleUrl: options.moduleUrl,
    localModel: options.localModel,
  });
  if ('generate' in opened) return atOwnTemperature(opened, config);
  const { promptCache } = provider;
  const marks = promptCache && (config.prompt_cache ?? promptCache.isKnownFor(name));
  const model = fromProvider(opened.model, {
    config,
    version: versionAt(name, config.base_url),
    structuredOutput: config.structured_output === 'native',
    sendsSeed: config.seed !== false,
    cacheMarker: marks ? promptCache.marker : undefined,
    keySource: opened.keySource,
    secrets: opened.secrets,
    now: options.now ?? Date.now,
  });
  return atOwnTemperature(model, config);
}

/** A model that stands in for another may want a temperature that is not the judge's. */
function atOwnTemperature(model: LanguageModel, { temperature }: NamedModel): LanguageModel {
  if (temperature === undefined) return model;
  const { id, version, structuredOutput } = model;
  return {
    id,
    version,
    structuredOutput,
    generate: (request) => model.generate({ ...request, temperature }),
  };
}
