import type { ModelConfig } from '../providers/schema.js';
import { singleJudges } from './open-judge.js';
import type { JudgeConfig } from './kinds.js';

/** A model that a configuration names, and where in it. */
export interface ModelPlace {
  path: (string | number)[];
  config: ModelConfig;
}

/** Every model that a judge may ask: those of the judges that it is made of, each followed by the ones that stand in. */
export function modelsWithin(judge: JudgeConfig): ModelPlace[] {
  return singleJudges(judge).flatMap(({ path, config }) => {
    // A judge of one's own code asks no model that is known here.
    if (!('model' in config)) return [];
    const standIns = config.fallbacks.map((one, i) => ({ path: [...path, 'fallbacks', i], config: one }));
    return [{ path, config }, ...standIns];
  });
}
