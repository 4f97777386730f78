import type {
  CreateTrainingJobRequest,
  DescribeTrainingJobResponse,
  TrainingJobStatus,
} from '@aws-sdk/client-sagemaker';
import { RunError } from '@touchstone/spec';
import type { AwsClients } from './clients.js';
import { asking, isMissing, isTaken, VanishedError } from './errors.js';
import { assertOurs, type AwsJob, followed, type JobResult, type JobState } from './job.js';
import { JobLogs, LOG_GROUP } from './logs.js';
import { checkpointOf } from './manifest.js';
import type { JobRequest } from './requests/common.js';
import type { Waiting } from './wait.js';

/**
 * A training job of SageMaker, by a recipe or serverless: see `novaTrainingJob` and `serverlessTrainingJob`. What comes out is a model package where
 * the job says so, else the checkpoint of its manifest.
 */
export function sageMakerJob(
  clients: Pick<AwsClients, 'region' | 'sagemaker' | 'logs' | 's3'>,
  request: JobRequest<CreateTrainingJobRequest>,
  waiting: Waiting = {},
): AwsJob {
  const { name, body } = request;

  async function find(): Promise<DescribeTrainingJobResponse | null> {
    const sagemaker = await clients.sagemaker();
    try {
      return await asking(`look for the training job ${name}`, () =>
        sagemaker.describeTrainingJob({ TrainingJobName: name }),
      );
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async function known(): Promise<DescribeTrainingJobResponse> {
    const job = await find();
    if (job) return job;
    throw new VanishedError(
      `SageMaker in ${clients.region} knows no training job ${name}: it was not started, was deleted, or is in another region or account`,
    );
  }

  async function ours(job: DescribeTrainingJobResponse): Promise<{ arn: string; found: boolean }> {
    const sagemaker = await clients.sagemaker();
    const arn = job.TrainingJobArn!;
    const { Tags } = await asking(`read the tags of ${arn}`, () => sagemaker.listTags({ ResourceArn: arn }));
    assertOurs(
      'the training job',
      request,
      Object.fromEntries((Tags ?? []).map(({ Key, Value }) => [Key, Value])),
    );
    return { arn, found: true };
  }

  const status = async (): Promise<JobState> => stateOf(await known());

  return {
    name,
    async start() {
      const before = await find();
      if (before) return ours(before);
      const sagemaker = await clients.sagemaker();
      try {
        const made = await asking(`start the training job ${name}`, () => sagemaker.createTrainingJob(body));
        return { arn: made.TrainingJobArn!, found: false };
      } catch (error) {
        // Another process was faster, or the reply to an earlier attempt was lost.
        const after = isTaken(error) ? await find() : null;
        if (!after) throw error;
        return ours(after);
      }
    },
    status,
    steps(signal) {
      const logs = new JobLogs(clients, name);
      const whereToLook = `Its log: CloudWatch, ${LOG_GROUP}, streams ${name}/…`;
      return followed({ name, status, read: (ended) => logs.read(ended), whereToLook }, waiting, signal);
    },
    async result(): Promise<JobResult> {
      const job = await known();
      const { state, detail } = stateOf(job);
      if (state !== 'completed') throw new RunError(`the training job ${name} has not completed: ${detail}`);
      if (job.OutputModelPackageArn !== undefined) return packageOf(clients, body, job.OutputModelPackageArn);
      return checkpointOf(clients, `${job.OutputDataConfig!.S3OutputPath!.replace(/\/+$/, '')}/${name}`);
    },
    async stop() {
      const sagemaker = await clients.sagemaker();
      const job = await find();
      if (!job || stateOf(job).state !== 'running' || job.TrainingJobStatus === 'Stopping') return;
      await ours(job);
      try {
        await asking(`stop the training job ${name}`, () =>
          sagemaker.stopTrainingJob({ TrainingJobName: name }),
        );
      } catch (error) {
        // It has ended meanwhile: SageMaker stops only what is at work.
        const now = await find();
        if (now && stateOf(now).state === 'running' && now.TrainingJobStatus !== 'Stopping') throw error;
      }
    },
  };
}

const STATES: Record<TrainingJobStatus, JobState['state']> = {
  InProgress: 'running',
  Stopping: 'running',
  Completed: 'completed',
  Failed: 'failed',
  Stopped: 'stopped',
  Deleting: 'stopped',
};

/** @throws {RunError} a status that is not known here. */
function stateOf(job: DescribeTrainingJobResponse): JobState {
  const { TrainingJobStatus, SecondaryStatus, FailureReason, SecondaryStatusTransitions, ProgressInfo } = job;
  const state = STATES[TrainingJobStatus!];
  if (state === undefined)
    throw new RunError(
      `SageMaker says ${TrainingJobStatus} of the job ${job.TrainingJobName}, which is not known here; expected ${Object.keys(STATES).join(', ')}`,
    );
  const said = SecondaryStatusTransitions?.at(-1)?.StatusMessage;
  const { CurrentStep, CurrentEpoch } = ProgressInfo ?? {};
  const details = [
    SecondaryStatus === TrainingJobStatus ? SecondaryStatus : `${TrainingJobStatus}, ${SecondaryStatus}`,
    CurrentStep === undefined ? undefined : `step ${CurrentStep} of epoch ${CurrentEpoch}`,
    FailureReason || said,
    SecondaryStatus === 'MaxRuntimeExceeded' ? 'it was ended by its own limit of time: raise it' : undefined,
  ];
  return { state, detail: details.filter((part) => part !== undefined && part !== '').join('; ') };
}

/** @throws {RunError} the package is of another group, or not ready. */
async function packageOf(
  clients: Pick<AwsClients, 'sagemaker'>,
  { ModelPackageConfig }: CreateTrainingJobRequest,
  arn: string,
): Promise<JobResult> {
  const sagemaker = await clients.sagemaker();
  const found = await asking(`look for the model package ${arn}`, () =>
    sagemaker.describeModelPackage({ ModelPackageName: arn }),
  );
  const group = ModelPackageConfig?.ModelPackageGroupArn?.split('/').at(-1);
  if (group !== undefined && found.ModelPackageGroupName !== group)
    throw new RunError(
      `the job names the model package ${arn} of the group ${found.ModelPackageGroupName}; expected one of ${group}`,
    );
  if (found.ModelPackageStatus !== 'Completed')
    throw new RunError(
      `the model package ${arn} is ${found.ModelPackageStatus}; run the same command again when it is Completed`,
    );
  return { kind: 'model-package', arn };
}
