import { join } from 'node:path';
import { modelsOf, type Backend, type BackendPlan, type TrainingJob } from '@touchstone/run';
import { writeWhole } from '@touchstone/store';
import { defineBackend } from '../../backend.js';
import { settingsText } from '../../settings-text.js';
import { examineTasks } from '../doctor/dataset.js';
import { bedrockAccess } from '../bedrock-access.js';
import { callerPolicy, executionPolicy, functionPolicy, trustPolicy, type Waiting } from '../jobs/index.js';
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
    remarks: [...new Set([...aboutTasks(described), ...described.remarks, ...(pace === null ? [] : [pace])])],
    costs: costsOf(job, account, described),
    answersAtMost: answersAtMost(job),
  };
}

/** What AWS would refuse the tasks for. */
const aboutTasks = ({ uploads: [tasks] }: Described): string[] =>
  examineTasks(String(tasks!.body)).findings.flatMap(({ level, what, detail }) =>
    level === 'ok' ? [] : [`${what}: ${detail}`],
  );

/** Who may do what, as IAM takes it. */
function policiesOf(
  job: TrainingJob,
  { access, reward }: Described,
  { role }: Account,
): Described['documents'] {
  const models = bedrockAccess(modelsOf(job.workspace.config.judge));
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
      text: json(callerPolicy(access, role)),
      about: 'what whoever runs this command may do',
    },
  ];
}
