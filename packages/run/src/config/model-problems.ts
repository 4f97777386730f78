import {
  missingPrices,
  settingProblems,
  singleJudges,
  type JudgeConfig,
  type ModelCallsConfig,
} from '@touchstone/core';
import { judgesOf, modelsOf } from './judge-models.js';
import type { Config, ExaminationConfig, ScoringConfig } from './schema.js';
import { pathText, type Path, type Problem, type YamlSource } from './yaml-source.js';

/** Settings of models that their providers cannot honour, and prices that a budget lacks, at their places. */
export function modelProblems(
  config: Config | ExaminationConfig | ScoringConfig,
  source: YamlSource,
): Problem[] {
  const { policy } = config;
  const ofPolicy = policy?.calls
    ? callsProblems({ ...policy.calls, model: policy.model, fallbacks: [] }, ['policy', 'calls'], source)
    : [];
  const ofModels = Object.entries(config.evaluation.models ?? {}).flatMap(([name, model]) =>
    'answers' in model || 'run' in model
      ? []
      : callsProblems({ ...model, fallbacks: [] }, ['evaluation', 'models', name], source),
  );
  const ofJudges = judgesOf(config).flatMap(({ path: at, judge }) => [
    ...modelsOf(judge).flatMap(({ path, config: model }) =>
      settingProblems(model).map(({ key, message }) => {
        const place = [...at, ...path, key];
        return { place: source.keyPlace(place), message: `${pathText(place)}: ${message}` };
      }),
    ),
    ...pricesMissing(judge).map(({ path, message }) => {
      const place = [...at, ...path, 'model'];
      return { place: source.keyPlace(place), message: `${pathText([...at, ...path])}: ${message}` };
    }),
  ]);
  return [...ofPolicy, ...ofModels, ...ofJudges];
}

/** Of a model that is asked for answers. */
function callsProblems(model: ModelCallsConfig, at: Path, source: YamlSource): Problem[] {
  const problem = (key: string, message: string): Problem => ({
    place: source.keyPlace([...at, key]),
    message: `${pathText([...at, key])}: ${message}`,
  });
  return [
    ...settingProblems(model).map(({ key, message }) => problem(key, message)),
    ...missingPrices(model).map(({ message }) => problem('budget', message)),
  ];
}

const pricesMissing = (judge: JudgeConfig): { path: Path; message: string }[] =>
  singleJudges(judge).flatMap(({ path, config }) =>
    'budget' in config ? missingPrices(config).map((one) => ({ ...one, path: [...path, ...one.path] })) : [],
  );
