import type {
  CreateTrainingJobRequest,
  DescribeTrainingJobResponse,
  TrainingJobStatus,
} from '@aws-sdk/client-sagemaker';
import { RunError } from '@touchstone/spec';
import type { AwsClients } from './clients.js';
import { asking, isTaken, orNull, VanishedError } from './errors.js';
import { assertOurs, type AwsJob, followed, type JobResult, type JobState } from './job.js';
import { JobLogs, LOG_GROUP } from './logs.js';
import { madeOrOurs } from './made-or-ours.js';
import { checkpointOf } from './manifest.js';
import { StepsWithMlflow } from './metrics/with-mlflow.js';
import { type MlflowRun, MlflowSteps } from './mlflow.js';
import type { JobRequest } from './requests/common.js';
import type { Waiting } from './wait.js';

const WHAT = 'the training job';

/** A run of MLflow that a job logs to, and who is told when it cannot be read. */
interface Mlflow {
  run: MlflowRun;
  alarm(text: string): void;
}

/**
 * A training job of SageMaker, by a recipe or serverless: see `novaTrainingJob` and `serverlessTrainingJob`. What comes out is a model package where
 * the job says so, else the checkpoint of its manifest.
 *
 * @param mlflow what it logs to beside its log; null: nothing.
 */
export function sageMakerJob(
  clients: Pick<AwsClients, 'region' | 'sagemaker' | 'logs' | 's3'>,
  request: JobRequest<CreateTrainingJobRequest>,
  waiting: Waiting = {},
  mlflow: Mlflow | null = null,
): AwsJob {
  const { name, body } = request;

  const find = async (): Promise<DescribeTrainingJobResponse | null> => {
    const sagemaker = await clients.sagemaker();
    return orNull(
      asking(`look for the training job ${name}`, () =>
        sagemaker.describeTrainingJob({ TrainingJobName: name }),
      ),
    );
  };

  async function known(): Promise<DescribeTrainingJobResponse> {
    const job = await find();
    if (job) return job;
    throw new VanishedError(
      `SageMaker in ${clients.region} knows no training job ${name}: it was not started, was deleted, or is in another region or account`,
    );
  }

  async function tags(arn: string): Promise<Record<string, string>> {
    const sagemaker = await clients.sagemaker();
    const { Tags } = await asking(`read the tags of ${arn}`, () => sagemaker.listTags({ ResourceArn: arn }));
    return Object.fromEntries((Tags ?? []).map(({ Key, Value }) => [Key!, Value!]));
  }

  const status = async (): Promise<JobState> => stateOf(await known());

  return {
    name,
    start: () =>
      madeOrOurs(request, {
        what: WHAT,
        find: async () => (await find())?.TrainingJobArn,
        make: async () => {
          const sagemaker = await clients.sagemaker();
          const made = await asking(`start the training job ${name}`, () =>
            sagemaker.createTrainingJob(body),
          );
          return made.TrainingJobArn!;
        },
        mayBeThere: isTaken,
        tags,
      }),
    status,
    steps(signal) {
      const log = new JobLogs(clients, name);
      const figures = mlflow
        ? new StepsWithMlflow(log, new MlflowSteps(mlflow.run), (text) => mlflow.alarm(text))
        : log;
      const whereToLook = `Its log: CloudWatch, ${LOG_GROUP}, streams ${name}/…`;
      return followed({ name, status, read: (ended) => figures.read(ended), whereToLook }, waiting, signal);
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
      assertOurs(WHAT, request, await tags(job.TrainingJobArn!));
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
