import { settingProblems } from '@touchstone/core';
import { modelsOf } from './judge-models.js';
import type { Config, ExaminationConfig, ScoringConfig } from './schema.js';
import { pathText, type Problem, type YamlSource } from './yaml-source.js';

/** Settings of models that their providers cannot honour, at their places. */
export function modelProblems(
  config: Config | ExaminationConfig | ScoringConfig,
  source: YamlSource,
): Problem[] {
  return (['judge', 'heldout_judge'] as const).flatMap((role) =>
    modelsOf(config[role]).flatMap(({ path, config: model }) =>
      settingProblems(model).map(({ key, message }) => {
        const place = [role, ...path, key];
        return { place: source.keyPlace(place), message: `${pathText(place)}: ${message}` };
      }),
    ),
  );
}
