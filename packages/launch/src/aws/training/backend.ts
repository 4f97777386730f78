import { join } from 'node:path';
import { parseModelId } from '@touchstone/core';
import {
  modelsOf,
  type Backend,
  type BackendPlan,
  type Counterpart,
  type TrainingJob,
} from '@touchstone/run';
import { isLoopback } from '@touchstone/serve';
import { writeWhole } from '@touchstone/store';
import { defineBackend } from '../../backend.js';
import { settingsText } from '../../settings-text.js';
import { examineTasks } from '../doctor/dataset.js';
import { bedrockAccess } from '../bedrock-access.js';
import {
  callerPolicy,
  executionPolicy,
  functionOf,
  functionPolicy,
  trustPolicy,
  type Waiting,
} from '../jobs/index.js';
import { lambdaConfigOf } from '../lambda-config.js';
import { accountOf, type Account } from './account.js';
import { answersAtMost, costsOf } from './costs.js';
import { launch } from './launch.js';
import { paceRemark } from './pace.js';
import { preflight } from './preflight.js';
import { json, settingsOf, type Described, type Service } from './service.js';

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
  const settings = settingsOf(job, account, service.where(account));
  const documents = [
    ...described.uploads.slice(0, 1).map(({ name, body }) => ({
      path: name,
      text: String(body),
      about: 'the training tasks, as they are uploaded: no truth is in them',
    })),
    ...described.documents,
    ...policiesOf(job, described, account),
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
        ...elsewhere(account, described),
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
const aboutTasks = ({ uploads: [tasks] }: Described): string[] =>
  examineTasks(String(tasks!.body)).findings.flatMap(({ level, what, detail }) =>
    level === 'ok' ? [] : [`${what}: ${detail}`],
  );

/** Models of the judge that only this machine can ask. */
const unreachable = ({ workspace: { config } }: TrainingJob): string[] =>
  modelsOf(config.judge).flatMap(({ id, baseUrl }) =>
    baseUrl !== undefined && isLoopback(new URL(baseUrl).hostname)
      ? [
          `judge.model: ${id} is asked at ${baseUrl}, which is this machine: the function in AWS cannot reach it. Give it an address that AWS can`,
        ]
      : [],
  );

/** Where function and role are not where the job is. */
function elsewhere({ role, region, reward_function }: Account, { access }: Described): string[] {
  const { account, region: ofFunction } = functionOf(reward_function);
  return [
    ...(ofFunction === region
      ? []
      : [`training.aws.reward_function is in ${ofFunction}, and the job in ${region} (training.aws.region)`]),
    ...(account === access.account
      ? []
      : [
          `training.aws.reward_function is of the account ${account}, and training.aws.role of ${access.account} (${role}): the function's own policy must let that account call it`,
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

/** Who may do what, as IAM takes it. */
function policiesOf(
  job: TrainingJob,
  { access, reward }: Described,
  { role }: Account,
): Described['documents'] {
  const { policy, judge, heldout_judge: heldout } = job.workspace.config;
  const models = bedrockAccess(modelsOf(judge));
  const asked = bedrockAccess([parseModelId(policy.model), ...modelsOf(judge), ...modelsOf(heldout)]);
  return [
    { path: 'role-trust.json', text: json(trustPolicy(access)), about: 'whom the execution role trusts' },
    {
      path: 'role-policy.json',
      text: json(executionPolicy(access)),
      about: 'what the execution role may do',
    },
    {
      path: 'function-policy.json',
      text: json(functionPolicy(reward.arn, models)),
      about: "what the reward function's role may do",
    },
    {
      path: 'caller-policy.json',
      text: json(callerPolicy(access, role, asked)),
      about: 'what whoever runs this command may do',
    },
  ];
}
