import type { Task } from '@touchstone/spec';
import type { ModelAccess } from '../asking-judge.js';
import { defineJudge } from '../define.js';
import type { JudgeOptions, JudgeVariant } from '../judge.js';
import { PARSER_VERSION } from '../parse.js';
import { variantsOf } from '../variants.js';
import type { OneWay } from './compare.js';
import { ComparingJudge } from './comparing-judge.js';
import { createPairPrompt, pairSchema, parsePreference, rewordedPrompt, type PairPrompt } from './prompt.js';
import { preferenceSchema, type PreferenceConfig } from './schema.js';

export const preference = defineJudge({
  kind: 'preference',
  schema: preferenceSchema,
  criteria: () => [],
  open: async (config, { open, seed }) => new PreferenceJudge(config, await open(config), seed),
});

/** A judge that compares two answers at a time, in our words. */
export class PreferenceJudge extends ComparingJudge<PreferenceConfig> {
  private readonly prompt: PairPrompt;

  /** @throws {InputError} when the prompt or the inputs are wrong. */
  constructor(config: PreferenceConfig, access: ModelAccess, seed: number) {
    const prompt = createPairPrompt(config);
    super(config, access, seed, [prompt.templates, pairSchema(config.ties), PARSER_VERSION]);
    this.prompt = prompt;
  }

  /** The place of an answer is examined already; what counts is named with the most important first. */
  variants(): JudgeVariant[] {
    const { config, access, seed } = this;
    const reworded = config.prompt === undefined ? { ...config, prompt: rewordedPrompt(config) } : null;
    return variantsOf({ reworded }, (one) => new PreferenceJudge(one, access, seed));
  }

  protected compareOneWay(task: Task, a: string, b: string, options: JudgeOptions): Promise<OneWay> {
    const { ties, tries } = this.config;
    const question = { prompt: this.prompt.fill(task, a, b), schema: pairSchema(ties) };
    return this.askUntilRead(question, options, tries, ({ text }, marker) =>
      parsePreference(text, { marker, ties }),
    );
  }
}
