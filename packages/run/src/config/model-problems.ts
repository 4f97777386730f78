import { missingPrices, settingProblems, singleJudges, type JudgeConfig } from '@touchstone/core';
import { modelsOf } from './judge-models.js';
import type { Config, ExaminationConfig, ScoringConfig } from './schema.js';
import { pathText, type Path, type Problem, type YamlSource } from './yaml-source.js';

/** Settings of models that their providers cannot honour, and prices that a budget lacks, at their places. */
export function modelProblems(
  config: Config | ExaminationConfig | ScoringConfig,
  source: YamlSource,
): Problem[] {
  return (['judge', 'heldout_judge'] as const).flatMap((role) => [
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
}

const pricesMissing = (judge: JudgeConfig | undefined): { path: Path; message: string }[] =>
  (judge ? singleJudges(judge) : []).flatMap(({ path, config }) =>
    'budget' in config ? missingPrices(config).map((one) => ({ ...one, path: [...path, ...one.path] })) : [],
  );
