import { failed, ok, warning, type Finding, type TrainingJob } from '@touchstone/run';
import {
  awsClients,
  BEYOND,
  checkRole,
  executionPolicy,
  preflightReward,
  trustPolicy,
} from '../jobs/index.js';
import { examineTasks } from '../doctor/dataset.js';
import { accountOf } from './account.js';
import { examineDeployed } from './deployed.js';
import type { Service } from './service.js';

/** Whether the job that is planned can run: the data as AWS checks it, the role, and the deployed function, which is asked once. */
export async function preflight(job: TrainingJob, service: Service): Promise<Finding[]> {
  const account = accountOf(job);
  const { range } = job.workspace.config.aws;
  const { access, reward, uploads, startedBy } = service.describe(job, 1);
  const tasks = String(uploads[0]!.body);
  const clients = awsClients(account.region);
  try {
    const role = await checkRole(clients, account.role, trustPolicy(access), executionPolicy(access));
    const deployed = await examineDeployed(job, clients, reward.arn);
    const asked = await preflightReward(clients, reward.arn, tasks);
    return [
      // Else the judge and the base would be paid for first.
      ...(startedBy === undefined ? [] : [failed('Training', startedBy)]),
      ...examineTasks(tasks).findings,
      ...role.problems.map((problem) => failed('Role', problem)),
      ...role.unchecked.map((what) => warning('Role', `not looked at: ${what}`)),
      ...(role.problems.length === 0 && role.unchecked.every((what) => what === BEYOND)
        ? [ok('Role', `${account.role} may do what the job needs`)]
        : []),
      ...deployed,
      ...asked.problems.map((problem) => failed('Reward function', problem)),
      ...asked.scores
        .filter((score) => score < range.min || score > range.max)
        .slice(0, 1)
        .map((score) =>
          failed(
            'Reward function',
            `it answers ${score}, and aws.range goes from ${range.min} to ${range.max}: deploy it anew with this configuration`,
          ),
        ),
      ...(asked.problems.length === 0
        ? [
            ok(
              'Reward function',
              `${reward.arn} answers ${asked.scores.length} tasks in ${asked.seconds.toFixed(1)} s (version ${asked.version ?? 'not said'})`,
            ),
          ]
        : []),
    ];
  } finally {
    clients.close();
  }
}
