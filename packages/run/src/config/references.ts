import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { filesOfChecks, filesOfJudge, parseModelId, type ModelId } from '@touchstone/core';
import { judgesOf, modelsOf } from './judge-models.js';
import type { Config, ExaminationConfig, ScoringConfig } from './schema.js';
import { pathText, type Path, type Problem, type YamlSource } from './yaml-source.js';

/** What a configuration is read for. */
export type Purpose = 'run' | 'examine' | 'score' | 'evaluate';

type AnyConfig = Config | ExaminationConfig | ScoringConfig;

/** Whether the file or model at a path of the configuration is used. Whoever counts tokens opens the policy himself. */
const NEEDS: Record<Purpose, (path: Path) => boolean> = {
  run: ([section, key]) => section !== 'evaluation' || key === 'truth',
  examine: ([section, key]) =>
    section === 'judge' ||
    section === 'heldout_judge' ||
    (section === 'data' && (key === 'labelled' || key === 'regression')),
  score: ([section]) => section === 'judge' || section === 'reward',
  evaluate: ([section, key]) =>
    section === 'judge' ||
    section === 'heldout_judge' ||
    section === 'reward' ||
    section === 'evaluation' ||
    (section === 'data' && key === 'eval'),
};

/** Files and folders that are needed, that the configuration names and that are not there, at the place of the name. */
export async function missingFiles(
  config: AnyConfig,
  purpose: Purpose,
  baseDir: string,
  source: YamlSource,
): Promise<Problem[]> {
  const needed = references(config).filter(({ path }) => NEEDS[purpose](path));
  const problems = await Promise.all(
    needed.map(async ({ path, name, kind }): Promise<Problem[]> => {
      const problem = await missing(resolve(baseDir, name), kind);
      if (problem === undefined) return [];
      const message = `${pathText(path)}: ${problem}: ${name}${ABOUT[kind]}`;
      return [{ place: source.valuePlace(path), message }];
    }),
  );
  return problems.flat();
}

/** Model folders that the configuration names, with the place of the name. */
export const modelFolders = (config: AnyConfig): { place: string; name: string }[] =>
  references(config)
    .filter(({ kind }) => kind === 'model folder')
    .map(({ path, name }) => ({ place: pathText(path), name }));

type Kind = 'file' | 'model folder' | "run's folder";
const ABOUT: Record<Kind, string> = {
  file: '',
  "run's folder": ' (that of a run or of an evaluation, with run.db)',
  'model folder':
    ' (a folder with config.json, tokenizer.json and safetensors, as models on Hugging Face have them)',
};

function references(config: AnyConfig): { path: Path; name: string; kind: Kind }[] {
  const found: { path: Path; name: string; kind: Kind }[] = [];
  // One behind an API is read from nothing.
  const addModel = (path: Path, { provider, name }: ModelId): void => {
    const { folder, module } = provider.needs?.(name) ?? {};
    if (folder !== undefined) found.push({ path, name: folder, kind: 'model folder' });
    if (module !== undefined) found.push({ path, name: module, kind: 'file' });
  };
  for (const key of ['train', 'eval', 'annotations', 'labelled', 'regression'] as const) {
    const name = config.data?.[key];
    if (name !== undefined) found.push({ path: ['data', key], name, kind: 'file' });
  }
  if (config.evaluation.truth !== undefined) {
    found.push({ path: ['evaluation', 'truth'], name: config.evaluation.truth, kind: 'file' });
  }
  for (const { path, name } of filesOfChecks(config.reward.checks))
    found.push({ path: ['reward', 'checks', ...path], name, kind: 'file' });
  if (config.policy !== undefined) {
    addModel(['policy', 'model'], parseModelId(config.policy.model));
  }
  for (const { path: at, judge } of judgesOf(config)) {
    for (const { path, name } of filesOfJudge(judge))
      found.push({ path: [...at, ...path], name, kind: 'file' });
    for (const one of modelsOf(judge)) addModel([...at, ...one.path, 'model'], one);
  }
  for (const [name, model] of Object.entries(config.evaluation.models ?? {})) {
    const at = ['evaluation', 'models', name];
    if ('answers' in model) found.push({ path: [...at, 'answers'], name: model.answers, kind: 'file' });
    else if ('run' in model) found.push({ path: [...at, 'run'], name: model.run, kind: "run's folder" });
    else addModel(at, parseModelId(model.model));
  }
  return found;
}

async function missing(path: string, kind: Kind): Promise<string | undefined> {
  const entry = await stat(path).catch(() => undefined);
  if (entry === undefined) return `there is no such ${kind}`;
  if (kind === 'file') return entry.isFile() ? undefined : 'expected a file, got a folder';
  if (kind === "run's folder") return entry.isDirectory() ? undefined : 'expected a folder, got a file';
  if (!entry.isDirectory()) return 'expected a Hugging Face folder, got a file';
  const config = await readFile(resolve(path, 'config.json')).catch(() => undefined);
  return config === undefined ? 'expected a Hugging Face folder, but it holds no config.json' : undefined;
}
