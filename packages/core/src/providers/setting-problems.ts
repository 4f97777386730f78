import { parseModelId } from './model-id.js';
import type { OptionalSetting } from './provider.js';
import type { NamedModel } from './settings.js';

/** Every setting that a provider may be unable to honour, and what to do then. */
const OPTIONAL: Record<OptionalSetting, string> = {
  seed: 'every call of it is drawn from a seed; leave this out',
  max_tokens_field: 'the limit has one name there; leave this out',
  extra_body:
    'its requests are made by others; use an OpenAI-compatible address of the same model (openai-compatible with base_url), or a provider of your own (code:./my-provider.mjs#MODEL)',
};

/** Settings of a model that its provider cannot honour, or that contradict each other, each under its key. */
export function settingProblems(config: NamedModel): { key: string; message: string }[] {
  const { provider } = parseModelId(config.model);
  const problems = Object.entries(OPTIONAL).flatMap(([name, advice]) => {
    const key = name as OptionalSetting;
    if (config[key] === undefined || provider.settings.includes(key)) return [];
    return [{ key, message: `${provider.name} has no use for it: ${advice}` }];
  });
  if (config.structured_output === 'native' && Object.hasOwn(config.extra_body ?? {}, 'response_format')) {
    problems.push({
      key: 'extra_body',
      message: 'response_format is what structured_output: native sends; set structured_output: prompt',
    });
  }
  return problems;
}
