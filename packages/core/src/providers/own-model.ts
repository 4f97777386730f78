import { ProviderError, TouchstoneError, type LanguageModel, type ModelReply } from '@touchstone/spec';
import { pathInside } from '../files/inside.js';
import { loadFunction, messageOf } from '../files/load-module.js';
import { hashOfModule } from '../files/module-hash.js';
import { likelySecrets, withoutSecrets, wrong, type Env } from './keys.js';
import { versionAt } from './model-version.js';
import type { OpenContext } from './provider.js';
import { errorCode, noText, toProviderError, type CallPlace } from './said/provider-error.js';
import { serverReplyOf } from './said/server-reply.js';
import type { NamedModel } from './settings.js';

/**
 * What a provider module of the user's own has as its default export.
 *
 * @param name what stands behind the `#`.
 * @param config of the model: `base_url`, `api_key_env`, `extra_body`, … are for the module to heed.
 * @param env where keys are read from.
 */
export type OpenOwnModel = (
  name: string,
  config: NamedModel,
  env: Env,
) => LanguageModel | Promise<LanguageModel>;

/**
 * A model of a module of the user's own. What the module throws and what it answers is looked at: it may be wrong.
 *
 * @param file relative to the configuration's folder.
 * @throws {InputError} when the module cannot be loaded, or opens no model.
 */
export async function openOwnModel(
  file: string,
  modelName: string,
  config: NamedModel,
  { env, baseDir, moduleUrl }: OpenContext,
): Promise<LanguageModel> {
  const plain = (cause: unknown): string => withoutSecrets(messageOf(cause), likelySecrets(env));
  const expected = '(name, config, env) => LanguageModel';
  const open = await loadFunction<OpenOwnModel>(file, { baseDir, moduleUrl }, expected);
  let model: unknown;
  try {
    model = await open(modelName, config, env);
  } catch (cause) {
    if (TouchstoneError.is(cause)) throw cause;
    throw wrong(config, `${file} cannot be opened: ${plain(cause)}`);
  }
  checkModel(model, file, config);
  // What the module calls its version is forgotten when the module is changed.
  const moduleHash = hashOfModule(pathInside(baseDir, file, 'the module'));
  const keySource = config.api_key_env
    ? `the environment variable ${config.api_key_env}`
    : `the key of ${file}`;
  const place = (signal: AbortSignal | undefined): CallPlace => ({
    config,
    keySource,
    secrets: () => likelySecrets(env),
    signal,
    now: Date.now,
  });
  return {
    id: config.model,
    version: versionAt(`${model.version}+${moduleHash.slice(0, 16)}`, config.base_url),
    structuredOutput: model.structuredOutput && config.structured_output === 'native',
    async generate(request) {
      let reply: unknown;
      try {
        reply = await model.generate(request);
      } catch (cause) {
        if (TouchstoneError.is(cause)) throw cause;
        if (isOfTheWorld(cause)) throw toProviderError(cause, place(request.signal));
        throw failed(config, `generate threw: ${plain(cause)}`);
      }
      checkReply(reply, config);
      if (reply.text.trim() === '' && reply.finish !== 'length' && reply.finish !== 'refusal')
        throw noText('the reply is empty', reply.outputTokens === 0, reply, place(undefined));
      return reply;
    },
  };
}

/** A client that the module uses threw it: what a server said, or that it was not reached. Else it is a defect. */
function isOfTheWorld(cause: unknown): boolean {
  return serverReplyOf(cause) !== undefined || /^(E(?!RR_)|UND_ERR)/.test(errorCode(cause) ?? '');
}

function checkModel(model: unknown, file: string, config: NamedModel): asserts model is LanguageModel {
  const { version, structuredOutput, generate } = (model ?? {}) as Partial<
    Record<keyof LanguageModel, unknown>
  >;
  const lacks = [
    ...(typeof version === 'string' && version !== '' ? [] : ['version, a text']),
    ...(typeof structuredOutput === 'boolean' ? [] : ['structuredOutput, true or false']),
    ...(typeof generate === 'function' ? [] : ['generate, a function']),
  ];
  if (lacks.length > 0) throw wrong(config, `${file}: the model that it opens lacks ${lacks.join('; ')}`);
}

const FINISHES: readonly unknown[] = ['stop', 'length', 'refusal', 'other'] satisfies ModelReply['finish'][];

function checkReply(reply: unknown, config: NamedModel): asserts reply is ModelReply {
  const { text, finish, inputTokens, outputTokens } = (reply ?? {}) as Partial<
    Record<keyof ModelReply, unknown>
  >;
  const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;
  const lacks = [
    ...(typeof text === 'string' ? [] : ['text']),
    ...(FINISHES.includes(finish) ? [] : [`finish (${FINISHES.join(', ')})`]),
    ...(isCount(inputTokens) && isCount(outputTokens) ? [] : ['inputTokens and outputTokens, 0 or more']),
  ];
  if (lacks.length > 0)
    throw failed(config, `its reply lacks ${lacks.join('; ')}`, {
      inputTokens: isCount(inputTokens) ? (inputTokens as number) : 0,
      outputTokens: isCount(outputTokens) ? (outputTokens as number) : 0,
    });
}

/** Only the module knows what its call has cost: what it does not say is not made up. One that does throws a ProviderError. */
function failed(
  { model }: NamedModel,
  message: string,
  spent = { inputTokens: 0, outputTokens: 0 },
): ProviderError {
  return new ProviderError(`${model}: ${message}`, {
    reason: 'transport',
    isRetryable: false,
    mayHaveCost: true,
    spent,
  });
}
