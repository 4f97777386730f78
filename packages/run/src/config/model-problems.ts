import { missingPrices, settingProblems, singleJudges, type JudgeConfig } from '@touchstone/core';
import { modelsOf } from './judge-models.js';
import type { Config, ExaminationConfig, ScoringConfig } from './schema.js';
import { pathText, type Path, type Problem, type YamlSource } from './yaml-source.js';

/** Settings of models that their providers cannot honour, and prices that a budget lacks, at their places. */
export function modelProblems(
  config: Config | ExaminationConfig | ScoringConfig,
  source: YamlSource,
): Problem[] {
  const { policy } = config;
  const ofPolicy = policy?.calls ? { ...policy.calls, model: policy.model, fallbacks: [] } : undefined;
  const atPolicy = (key: string, message: string): Problem => ({
    place: source.keyPlace(['policy', 'calls', key]),
    message: `policy.calls.${key}: ${message}`,
  });
  const problems = ofPolicy
    ? [
        ...settingProblems(ofPolicy).map(({ key, message }) => atPolicy(key, message)),
        ...missingPrices(ofPolicy).map(({ message }) => atPolicy('budget', message)),
      ]
    : [];
  const ofJudges = (['judge', 'heldout_judge'] as const).flatMap((role) => [
    ...modelsOf(config[role]).flatMap(({ path, config: model }) =>
      settingProblems(model).map(({ key, message }) => {
        const place = [role, ...path, key];
        return { place: source.keyPlace(place), message: `${pathText(place)}: ${message}` };
      }),
    ),
    ...pricesMissing(config[role]).map(({ path, message }) => {
      const place = [role, ...path, 'model'];
      return { place: source.keyPlace(place), message: `${pathText([role, ...path])}: ${message}` };
    }),
  ]);
  return [...problems, ...ofJudges];
}

const pricesMissing = (judge: JudgeConfig | undefined): { path: Path; message: string }[] =>
  (judge ? singleJudges(judge) : []).flatMap(({ path, config }) =>
    'budget' in config ? missingPrices(config).map((one) => ({ ...one, path: [...path, ...one.path] })) : [],
  );
