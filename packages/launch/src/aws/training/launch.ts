import type { LaunchedJob, ToldStep, TrainingJob } from '@touchstone/run';
import { RunError } from '@touchstone/spec';
import {
  awsClients,
  type AwsClients,
  type AwsJob,
  upload,
  VanishedError,
  type Waiting,
} from '../jobs/index.js';
import { accountOf, storageIn, type Account } from './account.js';
import { baselineRemark } from './baseline.js';
import { askable } from './deploy.js';
import { readJob, writeJob } from './job-record.js';
import { examineDeployed } from './deployed.js';
import { learnedOf, otherLength, strangeReward } from './metrics.js';
import type { Service } from './service.js';

/**
 * Uploads, registers and starts the job, or finds the one that was started. A job that has failed or was stopped is followed by the
 * next attempt.
 *
 * @throws {RunError} AWS refuses it.
 */
export async function launch(
  job: TrainingJob,
  service: Service,
  waiting: Waiting = {},
): Promise<LaunchedJob> {
  const account = accountOf(job);
  const clients = awsClients(account.region);
  const remark = baselineRemark(job);
  if (remark !== null) job.alarm(remark);
  try {
    const { attempt, aws, arn } = await started(job, service, account, clients, waiting);
    const gone = new AbortController();
    let last = 0;
    const told = new Set<string>();
    const tellOnce = (what: string, text: string | null): void => {
      if (text === null || told.has(what)) return;
      told.add(what);
      job.alarm(text);
    };
    return {
      async *follow() {
        for await (const { step, metrics, seconds } of aws.steps(gone.signal)) {
          last = Math.max(last, step);
          const { range } = job.workspace.config.aws;
          const learned = learnedOf(metrics, range);
          const strange = strangeReward(learned, range);
          tellOnce('reward', strange && `step ${step}: ${strange}`);
          tellOnce('length', otherLength(metrics, job.workspace.config.training.steps));
          // AWS does not always say how long a step took.
          yield { step, learned, seconds: seconds ?? 0, groups_P: null } satisfies ToldStep;
        }
      },
      async fetch() {
        const result = await aws.result();
        const model = await askable(job, account, { clients, attempt, result, waiting });
        return {
          folder: null,
          engine: { name: service.name, versions: {}, hosted: { job: arn, steps: last, model } },
        };
      },
      // The job is AWS's: it goes on when this command ends, and the same command finds it.
      close() {
        gone.abort();
        clients.close();
        return Promise.resolve();
      },
    };
  } catch (error) {
    clients.close();
    throw error;
  }
}

interface Started {
  attempt: number;
  aws: AwsJob;
  arn: string;
}

async function started(
  job: TrainingJob,
  service: Service,
  account: Account,
  clients: AwsClients,
  waiting: Waiting,
): Promise<Started> {
  let { attempt, arn: known } = await readJob(job.folder);
  for (;;) {
    const described = service.describe(job, attempt);
    if (described.uploads.length > 0) await upload(clients, storageIn(account), described.uploads);
    const aws = await described.open(clients, waiting);
    const state = known === null ? null : await stateOf(aws, known);
    if (state?.state === 'failed' || state?.state === 'stopped') {
      job.alarm(
        `the job ${aws.name} of AWS ${state.state === 'failed' ? 'has failed' : 'was stopped'}: ${state.detail}. The next attempt is started`,
      );
      attempt++;
      known = null;
      await writeJob(job.folder, { attempt, arn: null });
      continue;
    }
    if (known === null) await assertDeployed(job, clients, described.reward.arn);
    // Before it is started: whoever is killed in between finds it by its name.
    await writeJob(job.folder, { attempt, arn: known });
    const { arn, found } = await aws.start();
    await writeJob(job.folder, { attempt, arn });
    if (!found) {
      job.alarm(
        `${arn} is at work, and goes on when this command ends; the same command follows it. In AWS's console it can be stopped`,
      );
    }
    return { attempt, aws, arn };
  }
}

/**
 * The examination of the judge and the base's evaluation take hours, in which the function may have been deployed anew.
 *
 * @throws {RunError} it holds another reward.
 */
async function assertDeployed(job: TrainingJob, clients: AwsClients, functionArn: string): Promise<void> {
  for (const { level, what, detail } of await examineDeployed(job, clients, functionArn)) {
    if (level === 'failed') throw new RunError(`${what}: ${detail}`);
    if (level === 'warning') job.alarm(`${what}: ${detail}`);
  }
}

/** @throws {RunError} the job that was started is not there any more. */
async function stateOf(aws: AwsJob, arn: string): ReturnType<AwsJob['status']> {
  try {
    return await aws.status();
  } catch (error) {
    if (!(error instanceof VanishedError)) throw error;
    throw new RunError(
      `${arn} was started and is not there any more: it is not started a second time. Look whether region and account are the same; ` +
        'to train again, choose another folder with --out',
      { cause: error },
    );
  }
}
