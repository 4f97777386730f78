import { join } from 'node:path';
import { type Backend, type BackendPlan, type Counterpart, type TrainingJob } from '@touchstone/run';
import { writeWhole } from '@touchstone/store';
import { defineBackend } from '../../backend.js';
import { settingsText } from '../../settings-text.js';
import { examineTasks } from '../doctor/dataset.js';
import { functionOf, type Waiting } from '../jobs/index.js';
import { lambdaConfigOf } from '../lambda-config.js';
import { onlyHere } from '../reachable.js';
import { accountOf, numberOf, type Account } from './account.js';
import { answersAtMost, costsOf } from './costs.js';
import { launch } from './launch.js';
import { paceRemark } from './pace.js';
import { policyDocuments } from './policy-documents.js';
import { preflight } from './preflight.js';
import type { Described, Service } from './service.js';

/**
 * A service of AWS as a backend: plan, preflight and launch, whose job has follow and fetch.
 *
 * @param waiting how often AWS is asked, where that is not what it should be for real.
 */
export const hosted = (service: Service, waiting?: Waiting): Backend =>
  defineBackend({
    name: service.name,
    plan: (job) => writePlan(job, service),
    preflight: (job) => preflight(job, service),
    launch: (job) => launch(job, service, waiting),
  });

/**
 * Writes the job's files: a function of the configuration and the data, so that writing them again changes nothing. Nothing is sent.
 *
 * @throws {InputError} AWS would refuse what the configuration says.
 */
async function writePlan(job: TrainingJob, service: Service): Promise<BackendPlan> {
  const account = accountOf(job);
  // The reward function that it asks must be one that can be made.
  lambdaConfigOf(job.workspace.config);
  const described = service.describe(job, 1);
  const settings = service.settings(job, account);
  const { tasks } = described;
  const documents = [
    {
      path: tasks.name,
      text: String(tasks.body),
      about: 'the training tasks, as they are uploaded: no truth is in them',
    },
    ...described.documents,
    ...policyDocuments(job, described),
    { path: 'SETTINGS.md', text: settingsText(service.title, settings), about: 'what each setting became' },
  ];
  const pace = await paceRemark(job, described.answersPerCall);
  for (const { path, text } of documents) await writeWhole(join(job.folder, path), text);
  return {
    files: documents.map(({ path, about }) => ({ path, about })),
    settings,
    remarks: [
      ...new Set([
        ...aboutTasks(described),
        ...unreachable(job),
        ...elsewhere(account),
        ...described.remarks,
        ...without(settings),
        ...(pace === null ? [] : [pace]),
      ]),
    ],
    costs: costsOf(job, account, described),
    answersAtMost: answersAtMost(job),
  };
}

/** What AWS would refuse the tasks for. */
const aboutTasks = ({ tasks }: Described): string[] =>
  examineTasks(String(tasks.body)).findings.flatMap(({ level, what, detail }) =>
    level === 'ok' ? [] : [`${what}: ${detail}`],
  );

/** Models of the judge that only this machine can ask. */
const unreachable = ({ workspace: { config } }: TrainingJob): string[] =>
  onlyHere(config.judge).map(
    ({ id, baseUrl }) =>
      `judge.model: ${id} is asked at ${baseUrl}, which is this machine: the function in AWS cannot reach it. Give it an address that AWS can`,
  );

/** Where function and role are not where the job is. */
function elsewhere({ role, region, reward_function }: Account): string[] {
  const { account, region: ofFunction } = functionOf(reward_function);
  return [
    ...(ofFunction === region
      ? []
      : [`training.aws.reward_function is in ${ofFunction}, and the job in ${region} (training.aws.region)`]),
    ...(role === undefined || account === numberOf({ role })
      ? []
      : [
          `training.aws.reward_function is of the account ${account}, and training.aws.role of ${numberOf({ role })} (${role}): the function's own policy must let that account call it`,
        ]),
  ];
}

function without(settings: readonly Counterpart[]): string[] {
  const names = settings.flatMap(({ setting, becomes }) =>
    becomes === null && !setting.startsWith('training.aws.overrides.') ? [setting] : [],
  );
  return names.length === 0
    ? []
    : [`without a counterpart in AWS, so that they do nothing there: ${names.join(', ')}`];
}
