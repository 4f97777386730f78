import { failed, ok, warning, type Finding, type TrainingJob } from '@touchstone/run';
import {
  awsClients,
  type AwsClients,
  BEYOND,
  checkCaller,
  checkRole,
  type Policy,
  preflightReward,
} from '../jobs/index.js';
import { examineTasks } from '../doctor/dataset.js';
import { accountOf } from './account.js';
import { examineDeployed } from './deployed.js';
import type { Permissions, Service } from './service.js';

/** Whether the job that is planned can run: the data as AWS checks it, who may do what, and the deployed function, which is asked once. */
export async function preflight(job: TrainingJob, service: Service): Promise<Finding[]> {
  const account = accountOf(job);
  const { permissions, reward, tasks, startedBy, examineEntrance } = service.describe(job, 1);
  const clients = awsClients(account.region);
  try {
    return [
      // Else the judge and the base would be paid for first.
      ...(startedBy === undefined ? [] : [failed('Training', startedBy)]),
      ...examineTasks(String(tasks.body)).findings,
      ...(examineEntrance ? await examineEntrance() : await examineCaller(clients, permissions.caller)),
      ...(permissions.role === null ? [] : await examineRole(clients, permissions.role)),
      ...(await examineDeployed(job, clients, reward.arn)),
      ...(await examineAnswers(job, clients, reward.arn, String(tasks.body))),
    ];
  } finally {
    clients.close();
  }
}

async function examineCaller(clients: AwsClients, needs: Policy): Promise<Finding[]> {
  const what = 'Whoever runs this';
  const { arn, problems, doubts, unchecked } = await checkCaller(clients, needs);
  return [
    ...problems.map((problem) => failed(what, problem)),
    ...doubts.map((doubt) => warning(what, `${doubt}, unless a policy of the thing itself allows it`)),
    ...unchecked.map((why) => warning(what, `what it may do was not looked at: ${why}`)),
    ...(problems.length + doubts.length + unchecked.length === 0
      ? [ok(what, `${arn} may do what the command does, as far as its own policies say`)]
      : []),
  ];
}

async function examineRole(
  clients: AwsClients,
  { arn, trust, needs }: NonNullable<Permissions['role']>,
): Promise<Finding[]> {
  const { problems, unchecked } = await checkRole(clients, arn, trust, needs);
  return [
    ...problems.map((problem) => failed('Role', problem)),
    ...unchecked.map((what) => warning('Role', `not looked at: ${what}`)),
    ...(problems.length === 0 && unchecked.every((what) => what === BEYOND)
      ? [ok('Role', `${arn} may do what the job needs`)]
      : []),
  ];
}

async function examineAnswers(
  { workspace }: TrainingJob,
  clients: AwsClients,
  functionArn: string,
  tasks: string,
): Promise<Finding[]> {
  const what = 'Reward function';
  const { range } = workspace.config.aws;
  const { problems, scores, seconds, version } = await preflightReward(clients, functionArn, tasks);
  return [
    ...problems.map((problem) => failed(what, problem)),
    ...scores
      .filter((score) => score < range.min || score > range.max)
      .slice(0, 1)
      .map((score) =>
        failed(
          what,
          `it answers ${score}, and aws.range goes from ${range.min} to ${range.max}: deploy it anew with this configuration`,
        ),
      ),
    ...(problems.length === 0
      ? [
          ok(
            what,
            `${functionArn} answers ${scores.length} tasks in ${seconds.toFixed(1)} s (version ${version ?? 'not said'})`,
          ),
        ]
      : []),
  ];
}
