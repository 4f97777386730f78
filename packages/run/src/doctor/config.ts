import { InputError } from '@touchstone/spec';
import { loadConfig, loadExaminationConfig, loadScoringConfig, type Loaded } from '../config/load.js';
import type { ScoringConfig } from '../config/schema.js';
import { ok, warning, type Finding } from './finding.js';
import { examineModels } from './models.js';

/**
 * A configuration and the models that it names. What scoring and the examination of the judge need must be there; what training
 * needs besides, such as the policy, is a warning where it is not, since whoever wants the reward only has no use for it.
 *
 * @throws {InputError} as `loadConfig`, for the former.
 */
export async function examineConfig(
  path: string,
): Promise<{ loaded: Loaded<ScoringConfig>; findings: Finding[] }> {
  const loaded = await loadScoringConfig(path);
  if (loaded.config.judge) await loadExaminationConfig(path);
  const missing = await missingForTraining(path);
  if (missing.length === 0) {
    const found = ok('Configuration', `${path} is valid, and the files it names are there`);
    return { loaded, findings: [found, ...(await examineModels(loaded))] };
  }
  const withoutPolicy = { ...loaded, config: { ...loaded.config, policy: undefined } };
  const findings = [
    ok('Configuration', `${path} is valid for ${loaded.config.judge ? 'the judge and ' : ''}the reward`),
    ...missing.map((problem) => warning('Training', `only "touchstone run" needs it: ${problem}`)),
    ...(await examineModels(withoutPolicy)),
  ];
  return { loaded, findings };
}

async function missingForTraining(path: string): Promise<string[]> {
  try {
    await loadConfig(path);
    return [];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.problems.map((problem) => new InputError([problem]).message);
  }
}
