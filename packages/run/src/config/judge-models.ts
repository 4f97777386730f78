import {
  modelsWithin,
  parseModelId,
  singleJudges,
  type JudgeConfig,
  type ModelConfig,
  type ModelId,
} from '@touchstone/core';
import type { ScoringConfig } from './schema.js';
import type { Path } from './yaml-source.js';

/** One language model that a judge calls. */
export interface JudgeModel extends ModelId {
  /** As the configuration has it, `provider:model`. */
  id: string;
  baseUrl: string | undefined;
  keyVariable: string | undefined;
  /** The part of the configuration that names it. */
  config: ModelConfig;
  /** Where that part stands within the judge. */
  path: Path;
}

/** Every judge of a configuration, with its place: those that `touchstone eval` alone asks, too. */
export function judgesOf(
  config: Pick<ScoringConfig, 'judge' | 'heldout_judge' | 'evaluation'>,
): { path: string[]; judge: JudgeConfig }[] {
  const [judge, heldout] = [config.judge, config.heldout_judge];
  return [
    ...(judge ? [{ path: ['judge'], judge }] : []),
    ...(heldout ? [{ path: ['heldout_judge'], judge: heldout }] : []),
    ...Object.entries(config.evaluation.judges ?? {}).map(([name, one]) => ({
      path: ['evaluation', 'judges', name],
      judge: one,
    })),
  ];
}

/** Every model that a judge's configuration names; none where checks alone decide. */
export function modelsOf(judge: JudgeConfig | undefined): JudgeModel[] {
  if (judge === undefined) return [];
  return modelsWithin(judge).map(({ path, config }) => ({ ...modelOf(config), path }));
}

function modelOf(config: ModelConfig): Omit<JudgeModel, 'path'> {
  const { model: id, base_url: baseUrl, api_key_env: named } = config;
  const { provider, name } = parseModelId(id);
  // A key that nobody tied to this server is never sent over plain http.
  const isPlain = baseUrl !== undefined && new URL(baseUrl).protocol !== 'https:';
  const keyVariable = named ?? (isPlain ? undefined : provider.defaultKey);
  return { id, provider, name, baseUrl, keyVariable, config };
}

/** The environment variables that hold keys of a judge's models, and the address of its cache, each once. */
export function keyVariablesOf(judge: JudgeConfig | undefined): string[] {
  const keys = modelsOf(judge).flatMap(({ keyVariable }) => keyVariable ?? []);
  return [...new Set([...keys, ...cacheVariablesOf(judge)])].sort();
}

/** The environment variables that hold the address of a cache that machines share. It may hold a password. */
export function cacheVariablesOf(judge: JudgeConfig | undefined): string[] {
  if (judge === undefined) return [];
  return singleJudges(judge).flatMap(({ config }) =>
    'cache' in config ? (config.cache?.redis_env ?? []) : [],
  );
}
