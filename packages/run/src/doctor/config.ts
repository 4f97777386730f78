import { InputError } from '@touchstone/spec';
import {
  loadConfig,
  loadExaminationConfig,
  loadScoringConfig,
  type Loaded,
  type LoadedConfig,
} from '../config/load.js';
import { isLocal } from '../config/policy-model.js';
import type { ScoringConfig } from '../config/schema.js';
import { readExaminationData } from '../workspace/examination.js';
import { failed, ok, warning, type Finding } from './finding.js';
import { examineModels } from './models.js';

/**
 * A configuration, the data and the models that it names. What scoring and the examination of the judge need must be there; what training
 * needs besides, such as the policy, is a warning where it is not, since whoever wants the reward only has no use for it.
 *
 * @throws {InputError} as `loadConfig`, for the former.
 */
export async function examineConfig(
  path: string,
): Promise<{ loaded: Loaded<ScoringConfig>; findings: Finding[] }> {
  const loaded = await loadScoringConfig(path);
  const examination = loaded.config.judge ? await loadExaminationConfig(path) : null;
  const { training, missing } = await forTraining(path);
  if (training) {
    const found = ok('Configuration', `${path} is valid, and the files it names are there`);
    const models = await examineModels(loaded);
    // With it comes the engine, which other commands begin without.
    const { readData, readInputs } = await import('../workspace/workspace.js');
    const opens = models.every(({ level }) => level !== 'failed');
    // With the policy: its prompts must leave room to answer, and training must fit into the memory.
    const data = await examineData(async () =>
      isLocal(training.config) && opens ? (await readInputs(training)).data : readData(training),
    );
    return { loaded, findings: [found, ...data, ...models] };
  }
  const data = examination
    ? await examineData(() => readExaminationData(examination.config, examination.baseDir))
    : [];
  const withoutPolicy = { ...loaded, config: { ...loaded.config, policy: undefined } };
  const findings = [
    ok('Configuration', `${path} is valid for ${loaded.config.judge ? 'the judge and ' : ''}the reward`),
    ...data,
    ...missing.map((problem) => warning('Training', `only "touchstone run" needs it: ${problem}`)),
    ...(await examineModels(withoutPolicy)),
  ];
  return { loaded, findings };
}

async function forTraining(path: string): Promise<{ training?: LoadedConfig; missing: string[] }> {
  try {
    return { training: await loadConfig(path), missing: [] };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { missing: error.problems.map((problem) => new InputError([problem]).message) };
  }
}

/** Every line of the data files, as a run reads it. */
async function examineData(read: () => Promise<object>): Promise<Finding[]> {
  try {
    const files = Object.entries(await read()).flatMap(([name, lines]) =>
      FILES.includes(name) && Array.isArray(lines) && lines.length > 0 ? [`${name} ${lines.length}`] : [],
    );
    return files.length > 0 ? [ok('Data', `every line can be read: ${files.join(', ')}`)] : [];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return [failed('Data', error.message)];
  }
}

const FILES = ['train', 'validation', 'eval', 'annotations', 'labelled', 'regression'];
