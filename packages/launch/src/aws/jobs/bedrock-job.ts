import type {
  CreateModelCustomizationJobRequest,
  GetModelCustomizationJobResponse,
  ModelCustomizationJobStatus,
} from '@aws-sdk/client-bedrock';
import { RunError } from '@touchstone/spec';
import { bedrockTags } from './bedrock-tags.js';
import type { AwsClients } from './clients.js';
import { asking, isTaken, orNull, VanishedError } from './errors.js';
import { assertOurs, type AwsJob, followed, type JobResult, type JobState, type JobStep } from './job.js';
import { madeOrOurs } from './made-or-ours.js';
import { METRICS_CSV, stepsOfCsv } from './metrics/csv.js';
import type { JobRequest } from './requests/common.js';
import type { Waiting } from './wait.js';

const WHAT = 'the customization job';

/** A customization job of Bedrock: see `bedrockRftJob`. What comes out is a custom model. */
export function bedrockJob(
  clients: Pick<AwsClients, 'region' | 'bedrock' | 's3'>,
  request: JobRequest<CreateModelCustomizationJobRequest>,
  waiting: Waiting = {},
): AwsJob {
  const { name, body } = request;

  const find = async (): Promise<GetModelCustomizationJobResponse | null> => {
    const bedrock = await clients.bedrock();
    return orNull(
      asking(`look for the customization job ${name}`, () =>
        bedrock.getModelCustomizationJob({ jobIdentifier: name }),
      ),
    );
  };

  async function known(): Promise<GetModelCustomizationJobResponse> {
    const job = await find();
    if (job) return job;
    throw new VanishedError(
      `Bedrock in ${clients.region} knows no customization job ${name}: it was not started, or is in another region or account`,
    );
  }

  const status = async (): Promise<JobState> => stateOf(await known());

  return {
    name,
    start: () =>
      madeOrOurs(request, {
        what: WHAT,
        find: async () => (await find())?.jobArn,
        make: async () => {
          const bedrock = await clients.bedrock();
          const made = await asking(`start the customization job ${name}`, () =>
            bedrock.createModelCustomizationJob(body),
          );
          return made.jobArn!;
        },
        mayBeThere: isTaken,
        tags: (arn) => bedrockTags(clients, arn),
      }),
    status,
    steps(signal) {
      const table = new MetricsTable(clients, body.outputDataConfig!.s3Uri!);
      const whereToLook = `What it has written: ${body.outputDataConfig!.s3Uri}`;
      return followed({ name, status, read: () => table.read(), whereToLook }, waiting, signal);
    },
    async result(): Promise<JobResult> {
      const job = await known();
      const { state, detail } = stateOf(job);
      if (state !== 'completed')
        throw new RunError(`the customization job ${name} has not completed: ${detail}`);
      return modelOf(clients, request, job);
    },
    async stop() {
      const bedrock = await clients.bedrock();
      const job = await find();
      if (job?.status !== 'InProgress') return;
      const arn = job.jobArn!;
      assertOurs(WHAT, request, await bedrockTags(clients, arn));
      try {
        await asking(`stop the customization job ${name}`, () =>
          bedrock.stopModelCustomizationJob({ jobIdentifier: arn }),
        );
      } catch (error) {
        if ((await find())?.status === 'InProgress') throw error;
      }
    },
  };
}

const STATES: Record<ModelCustomizationJobStatus, JobState['state']> = {
  InProgress: 'running',
  Stopping: 'running',
  Completed: 'completed',
  Failed: 'failed',
  Stopped: 'stopped',
};

/** @throws {RunError} a status that is not known here. */
function stateOf({
  jobName,
  status,
  statusDetails,
  failureMessage,
}: GetModelCustomizationJobResponse): JobState {
  const state = STATES[status!];
  if (state === undefined)
    throw new RunError(
      `Bedrock says ${status} of the job ${jobName}, which is not known here; expected ${Object.keys(STATES).join(', ')}`,
    );
  const { validationDetails, dataProcessingDetails, trainingDetails } = statusDetails ?? {};
  const parts = [
    ['validation', validationDetails?.status],
    ['data processing', dataProcessingDetails?.status],
    ['training', trainingDetails?.status],
  ].flatMap(([part, said]) => (said === undefined ? [] : [`${part} ${said}`]));
  // A job that goes on has a text there too, in some replies.
  const why = state === 'failed' || state === 'stopped' ? failureMessage : undefined;
  return { state, detail: [status, ...parts, why].filter((part) => part !== undefined).join('; ') };
}

/** @throws {RunError} the model is not this job's, or not ready. */
async function modelOf(
  clients: Pick<AwsClients, 'bedrock'>,
  { name, body }: JobRequest<CreateModelCustomizationJobRequest>,
  { outputModelArn: arn, jobArn }: GetModelCustomizationJobResponse,
): Promise<JobResult> {
  if (arn === undefined) throw new RunError(`the customization job ${name} has completed and names no model`);
  const bedrock = await clients.bedrock();
  const model = await asking(`look for the custom model ${arn}`, () =>
    bedrock.getCustomModel({ modelIdentifier: arn }),
  );
  if (model.jobArn !== jobArn || model.modelName !== body.customModelName)
    throw new RunError(
      `the custom model ${arn} is ${model.modelName} of the job ${model.jobArn}; expected ${body.customModelName} of ${jobArn}`,
    );
  if (model.modelStatus !== undefined && model.modelStatus !== 'Active')
    throw new RunError(
      `the custom model ${arn} is ${model.modelStatus}${model.failureMessage === undefined ? '' : `: ${model.failureMessage}`}`,
    );
  return { kind: 'custom-model', arn, name: model.modelName! };
}

/** Reads the steps from what the job writes to S3; Bedrock has no log of it. */
class MetricsTable {
  private tag: string | undefined;
  private given: string[] = [];

  constructor(
    private readonly clients: Pick<AwsClients, 's3'>,
    private readonly folder: string,
  ) {}

  /** The rows that are new or have changed. @throws {RunError} there are two tables, or a row is not one. */
  async read(): Promise<JobStep[]> {
    const s3 = await this.clients.s3();
    const [, Bucket, Prefix] = /^s3:\/\/([^/]+)\/(.*)$/.exec(this.folder) ?? [];
    const found = await asking(`look into ${this.folder}`, () => s3.listObjectsV2({ Bucket, Prefix }));
    const tables = (found.Contents ?? []).filter(({ Key }) =>
      Key?.endsWith(`/training_artifacts/${METRICS_CSV}`),
    );
    if (tables.length > 1)
      throw new RunError(
        `${this.folder} holds ${tables.length} files ${METRICS_CSV}: another job has written there`,
      );
    const [table] = tables;
    if (table?.Key === undefined || (this.tag !== undefined && table.ETag === this.tag)) return [];
    const { Key } = table;
    const uri = `s3://${Bucket}/${Key}`;
    const text = await asking(`read ${uri}`, async () =>
      (await s3.getObject({ Bucket, Key })).Body?.transformToString(),
    );
    const steps = stepsOfCsv(text ?? '', uri);
    const said = steps.map((step) => JSON.stringify(step));
    const first = said.findIndex((row, i) => row !== this.given[i]);
    this.given = said;
    this.tag = table.ETag;
    return first < 0 ? [] : steps.slice(first);
  }
}
