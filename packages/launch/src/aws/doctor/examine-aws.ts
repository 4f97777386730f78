import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InputError } from '@touchstone/spec';
import {
  type Finding,
  type Loaded,
  type ScoringConfig,
  failed,
  modelsOf,
  ok,
  warning,
} from '@touchstone/run';
import { onlyHere } from '../reachable.js';
import { readTemplate, resolved, type Template } from '../read-template.js';
import { templateOf } from '../template.js';
import { examineDataset, type DatasetReport } from './dataset.js';
import { examineTemplate } from './lambda-settings.js';
import { examineLoad, examinePayload } from './payload.js';
import { readRecipe } from './recipe.js';

/**
 * What training in AWS needs of a configuration, as far as it can be known without AWS.
 *
 * @param files.template the template that is deployed; default is what "touchstone reward bundle" makes.
 * @param files.recipe a SageMaker recipe that trains against the function.
 */
export async function examineAws(
  { config, baseDir }: Loaded<ScoringConfig>,
  files: { template?: string | undefined; recipe?: string | undefined },
): Promise<Finding[]> {
  const template = await openTemplate(config, files.template);
  const recipe = files.recipe === undefined ? undefined : await readRecipe(files.recipe);
  const { findings: dataset, bytes } = await trainingData(config.data?.train, baseDir);
  const [memory, warm] = ['MemorySize', 'ProvisionedConcurrency'].map((name) => parameter(template, name));
  return [
    judgeInLambda(config),
    ...examineTemplate(template, config),
    ...(recipe?.findings ?? []),
    ...dataset,
    ...examinePayload(bytes, config, recipe, memory),
    ...examineLoad(config, recipe, warm ?? 0),
    ...abstentions(config),
  ];
}

async function trainingData(file: string | undefined, baseDir: string): Promise<DatasetReport> {
  const path = file === undefined ? undefined : resolve(baseDir, file);
  if (path !== undefined && existsSync(path)) return examineDataset(path);
  const why = file === undefined ? 'the configuration names no data.train' : `there is no ${file}`;
  return { findings: [warning('Training data', `not checked: ${why}`)], bytes: [] };
}

async function openTemplate(config: ScoringConfig, file: string | undefined): Promise<Template> {
  const name = 'the template of touchstone reward bundle';
  if (file === undefined) return readTemplate(templateOf(config, '0'.repeat(64)), name);
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw InputError.at({ file }, `cannot be read (${code})`, { cause });
  });
  return readTemplate(text, file);
}

function parameter(template: Template, name: string): number | undefined {
  const value = Number(resolved(template, { Ref: name }));
  return Number.isFinite(value) ? value : undefined;
}

function judgeInLambda({ judge }: ScoringConfig): Finding {
  if (!judge) return ok('Judge in Lambda', 'none: checks decide');
  const models = modelsOf(judge);
  const local = models.filter(({ provider }) => provider.isLocal).map(({ id }) => id);
  const here = onlyHere(judge).map(({ id, baseUrl }) => `${id} at ${baseUrl}`);
  const problems = [
    ...(local.length > 0 ? [`${local.join(', ')} cannot run there: name a model behind an API`] : []),
    ...(here.length > 0
      ? [
          `${here.join(', ')}, which is this machine, cannot be reached from there: give it an address that AWS can`,
        ]
      : []),
  ];
  return problems.length === 0
    ? ok('Judge in Lambda', models.map(({ id }) => id).join(', '))
    : failed('Judge in Lambda', problems.join('; '));
}

function abstentions({ reward }: ScoringConfig): Finding[] {
  const { policy } = reward.abstention;
  if (policy === 'neutral' || policy === 'group-mean') return [];
  return [
    warning(
      'Abstentions',
      `AWS's answer must carry a number: reward.abstention.policy ${policy} becomes neutral, the middle of the range`,
    ),
  ];
}
