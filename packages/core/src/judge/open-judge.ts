import { InputError, type LanguageModel } from '@touchstone/spec';
import type { Dispatcher } from '../dispatch/dispatcher.js';
import type { Criterion } from './criterion.js';
import { createGroupJudge, RANK } from './group/group.js';
import type { Judge } from './judge.js';
import { createCascade } from './panel/cascade.js';
import { createPanel } from './panel/panel.js';
import { createPreferenceJudge, PREFERENCE } from './preference/preference.js';
import { createRubricJudge } from './rubric/rubric.js';
import type { JudgeConfig, SingleJudgeConfig } from './schema.js';

/** What judges are made with. */
export interface JudgeResources {
  /** Opens the model that a judge names. Its `id` is what the user wrote: reports show it. */
  openModel(config: SingleJudgeConfig): Promise<LanguageModel>;
  /** What makes the calls of one judge. */
  dispatcher(config: SingleJudgeConfig): Dispatcher | Promise<Dispatcher>;
  /** Makes markers, orders and sampling repeatable; no part of a fingerprint. */
  seed: number;
}

/**
 * The judge that `config` describes, with the judges it is made of.
 *
 * @throws {InputError} when a prompt or an input is wrong, or a model cannot be opened.
 */
export async function openJudge(config: JudgeConfig, resources: JudgeResources): Promise<Judge> {
  switch (config.kind) {
    case 'panel':
      return createPanel(
        config,
        await Promise.all(
          Object.entries(config.members).map(async ([name, member]) => ({
            name,
            judge: await openJudge(member, resources),
          })),
        ),
      );
    case 'cascade':
      return createCascade(
        config,
        await openJudge(config.first, resources),
        await openJudge(config.second, resources),
      );
    case 'rubric':
    case 'preference':
    case 'group': {
      const model = await resources.openModel(config);
      const dispatcher = await resources.dispatcher(config);
      return createJudge(config, model, dispatcher, { seed: resources.seed });
    }
  }
}

/**
 * A judge over one model; for panels and cascades see `openJudge`.
 *
 * @param options.seed makes markers and sampling repeatable; it is no part of the fingerprint.
 * @throws {InputError} when the prompt or the inputs are wrong, or the judge is made of several.
 */
export function createJudge(
  config: JudgeConfig,
  model: LanguageModel,
  dispatcher: Dispatcher,
  options: { seed: number },
): Judge {
  switch (config.kind) {
    case 'rubric':
      return createRubricJudge(config, model, dispatcher, options);
    case 'preference':
      return createPreferenceJudge(config, model, dispatcher, options);
    case 'group':
      return createGroupJudge(config, model, dispatcher, options);
    case 'panel':
    case 'cascade':
      throw new InputError([
        { message: `a ${config.kind} is made of several judges: open it with openJudge` },
      ]);
  }
}

/** The configurations inside `config` that name a model, each with its place. A judge of its own is its only one. */
export function singleJudges(
  config: JudgeConfig,
  path: readonly string[] = [],
): { path: string[]; config: SingleJudgeConfig }[] {
  switch (config.kind) {
    case 'panel':
      return Object.entries(config.members).flatMap(([name, member]) =>
        singleJudges(member, [...path, 'members', name]),
      );
    case 'cascade':
      return [
        ...singleJudges(config.first, [...path, 'first']),
        ...singleJudges(config.second, [...path, 'second']),
      ];
    default:
      return [{ path: [...path], config }];
  }
}

/** The criteria that the verdicts of a judge will name, each name once. */
export function criteriaOf(config: JudgeConfig): Criterion[] {
  const all = singleJudges(config).flatMap(({ config: single }) => {
    if (single.kind === 'preference') return [PREFERENCE];
    return single.kind === 'group' && single.mode === 'rank' ? [RANK] : single.criteria;
  });
  return all.filter(({ name }, i) => all.findIndex((other) => other.name === name) === i);
}

/** A judge with all those that it asks, each once. */
export function judgesWithin(judge: Judge): Judge[] {
  const all = [judge, ...(judge.members ?? []).flatMap(judgesWithin)];
  return all.filter(({ fingerprint }, i) => all.findIndex((one) => one.fingerprint === fingerprint) === i);
}
