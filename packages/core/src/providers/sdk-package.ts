import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { messageOf } from '../files/load-module.js';
import { isRecord } from '../text/json-value.js';
import { findPackage } from './find-package.js';
import { likelySecrets, readKey, withoutSecrets, wrong } from './keys.js';
import { platformFetch } from './network.js';
import type { OpenContext, SdkModel } from './provider.js';
import type { NamedModel } from './settings.js';
import { asVersion3, SPECIFICATIONS } from './specification.js';

/**
 * A model of a package of the AI SDK.
 *
 * @throws {InputError} when the package is not installed, or is none that is understood here.
 */
export async function openSdkPackage(
  packageName: string,
  modelName: string,
  config: NamedModel,
  { env, baseDir }: OpenContext,
): Promise<SdkModel> {
  const variable = config.api_key_env;
  const key = variable === undefined ? undefined : readKey(variable, env, config);
  const secrets = (): string[] => (key === undefined ? likelySecrets(env) : [key]);
  const create = await loadFactory(packageName, baseDir, config);
  let model: unknown;
  try {
    const provider = create({
      fetch: platformFetch,
      ...(key === undefined ? {} : { apiKey: key }),
      ...(config.base_url === undefined ? {} : { baseURL: config.base_url }),
    });
    model = provider.languageModel?.(modelName) ?? provider(modelName);
  } catch (cause) {
    throw wrong(config, `${packageName} refuses: ${withoutSecrets(messageOf(cause), secrets())}`);
  }
  return {
    model: asVersion3(checkModel(model, packageName, config), config.model),
    keySource: `the environment variable ${variable ?? `that ${packageName} reads its key from`}`,
    secrets,
  };
}

/**
 * Where a package is looked for: the configuration's folder, where the program was started, and Touchstone itself.
 *
 * @returns the file that it is entered by.
 * @throws {InputError} when it is not installed.
 */
export function findSdkPackage(name: string, baseDir: string, config: { model: string }): string {
  const folders = [baseDir, process.cwd()];
  const file = findPackage(name, [...folders, dirname(fileURLToPath(import.meta.url))]);
  if (file !== undefined) return file;
  throw wrong(
    config,
    `the package ${name} is not installed; looked from ${[...new Set(folders)].join(' and ')}. Run: npm install ${name}`,
  );
}

/** What a factory makes: by its specification an object with `languageModel`, by custom also a function. */
type Made = ((model: string) => unknown) & { languageModel?: (model: string) => unknown };
type Factory = (settings: object) => Made;

/** The `createX` of a package: each of the AI SDK exports one, at times under two names. */
async function loadFactory(name: string, baseDir: string, config: NamedModel): Promise<Factory> {
  const file = findSdkPackage(name, baseDir, config);
  let module: Record<string, unknown>;
  try {
    module = (await import(pathToFileURL(file).href)) as typeof module;
  } catch (cause) {
    throw wrong(config, `${name} cannot be loaded: ${messageOf(cause)}`, cause);
  }
  // Packages in the older module format have all of it in the default export.
  const inner = isRecord(module['default']) ? module['default'] : {};
  const exported = Object.entries({ ...inner, ...module });
  const found = exported.filter(
    ([key, value]) => /^create[A-Z]/.test(key) && typeof value === 'function',
  ) as [string, Factory][];
  const factories = new Set(found.map(([, value]) => value));
  const [factory] = factories;
  if (factory !== undefined && factories.size === 1) return factory;
  const got = found.length === 0 ? 'it has none' : `it has ${found.map(([key]) => key).join(', ')}`;
  throw wrong(
    config,
    `expected that ${name} exports one createX function, as provider packages of the AI SDK do; ${got}. A provider of your own (code:./my-provider.mjs#MODEL) can use it`,
  );
}

type AnyModel = Parameters<typeof asVersion3>[0];

function checkModel(model: unknown, packageName: string, config: NamedModel): AnyModel {
  const made = model as { doGenerate?: unknown; specificationVersion?: unknown } | null | undefined;
  const version = made?.specificationVersion;
  if (typeof made?.doGenerate === 'function' && SPECIFICATIONS.includes(version)) return made as AnyModel;
  const got = typeof version === 'string' ? `specification ${version.slice(0, 20)}` : 'something else';
  throw wrong(
    config,
    `expected from ${packageName} a language model by specification ${SPECIFICATIONS.join(', ')} of the AI SDK, got ${got}; install a version of it that has one`,
  );
}
