import type { S3Side } from './s3-side.js';
import { AwsFault } from './call.js';
import { ACCOUNT, REGION, type SimulatedJob, twelve } from './simulated-job.js';

type Body = Record<string, unknown>;
interface Customization {
  body: Body;
  described: Body;
}
interface Tag {
  key: string;
  value: string;
}

const base = `arn:aws:bedrock:${REGION}:${ACCOUNT}`;
const MODEL = 'amazon.nova-2-lite-v1:0:256k';

/** Bedrock's jobs, models and deployments by rule. */
export class BedrockSide {
  private readonly jobs = new Map<string, Customization>();
  private readonly models = new Map<string, Body>();
  readonly deployments = new Map<string, Body>();
  private readonly tags = new Map<string, Tag[]>();

  constructor(
    private readonly s3: S3Side,
    private readonly told: (job: SimulatedJob) => void,
  ) {}

  get names(): string[] {
    return [...this.jobs.keys()];
  }

  forget(name: string): void {
    this.jobs.delete(name);
  }

  /** What a model or a deployment becomes, by name, at the second look; `Active` where nothing is said. */
  readonly outcomes = new Map<string, string>();

  /** The operation that a path stands for. */
  find(
    method: string,
    path: string,
  ): { operation: string; params: Body; run: (body: Body) => unknown } | null {
    const routes: [string, RegExp, string, string, (body: Body) => unknown][] = [
      [
        'POST',
        /^\/model-customization-jobs$/,
        '',
        'CreateModelCustomizationJob',
        (body) => ({ jobArn: this.create(body).arn }),
      ],
      [
        'GET',
        /^\/model-customization-jobs\/([^/]+)$/,
        'jobIdentifier',
        'GetModelCustomizationJob',
        (body) => this.of(body['jobIdentifier']).described,
      ],
      [
        'POST',
        /^\/model-customization-jobs\/([^/]+)\/stop$/,
        'jobIdentifier',
        'StopModelCustomizationJob',
        (body) => this.stop(body['jobIdentifier']),
      ],
      [
        'POST',
        /^\/listTagsForResource$/,
        '',
        'ListTagsForResource',
        (body) => ({ tags: this.tags.get(body['resourceARN'] as string) ?? [] }),
      ],
      [
        'POST',
        /^\/custom-models\/create-custom-model$/,
        '',
        'CreateCustomModel',
        (body) => this.createModel(body),
      ],
      [
        'GET',
        /^\/custom-models\/([^/]+)$/,
        'modelIdentifier',
        'GetCustomModel',
        (body) => this.get(this.models, body['modelIdentifier']),
      ],
      [
        'POST',
        /^\/model-customization\/custom-model-deployments$/,
        '',
        'CreateCustomModelDeployment',
        (body) => this.deploy(body),
      ],
      [
        'GET',
        /^\/model-customization\/custom-model-deployments\/([^/]+)$/,
        'customModelDeploymentIdentifier',
        'GetCustomModelDeployment',
        (body) => this.get(this.deployments, body['customModelDeploymentIdentifier']),
      ],
      [
        'DELETE',
        /^\/model-customization\/custom-model-deployments\/([^/]+)$/,
        'customModelDeploymentIdentifier',
        'DeleteCustomModelDeployment',
        (body) => this.undeploy(body['customModelDeploymentIdentifier']),
      ],
    ];
    for (const [ofMethod, pattern, key, operation, run] of routes) {
      const match = method === ofMethod ? pattern.exec(path) : null;
      if (match)
        return { operation, params: key === '' ? {} : { [key]: decodeURIComponent(match[1]!) }, run };
    }
    return null;
  }

  job(name: string): SimulatedJob {
    const { body, described } = this.of(name);
    const { s3Uri } = body['outputDataConfig'] as { s3Uri: string };
    const id = (described['jobArn'] as string).split('/').at(-1);
    const folder = `${s3Uri.replace(/^s3:\/\/|\/+$/g, '')}/model-customization-job-${id}`;
    const end = (status: string, more: Body = {}): void => {
      Object.assign(described, { status, endTime: new Date().toISOString() }, more);
    };
    return {
      name,
      body,
      arn: described['jobArn'] as string,
      get status() {
        return described['status'] as string;
      },
      write: (...lines) =>
        this.s3.put(
          `${folder}/training_artifacts/step_wise_training_metrics.csv`,
          Buffer.from(`${lines.join('\n')}\n`),
        ),
      complete: () => {
        const outputModelArn = `${base}:custom-model/${MODEL}/${twelve(name)}`;
        const model = {
          modelArn: outputModelArn,
          modelName: body['customModelName'],
          jobArn: described['jobArn'],
          modelStatus: this.outcomes.get(body['customModelName'] as string) ?? 'Active',
          creationTime: new Date().toISOString(),
        };
        this.models.set(model.modelName as string, model);
        end('Completed', { outputModelArn });
      },
      fail: (failureMessage) => end('Failed', { failureMessage }),
      stopped: () => end('Stopped'),
    };
  }

  private of(id: unknown): Customization {
    const found = [...this.jobs].find(
      ([name, { described }]) => name === id || described['jobArn'] === id,
    )?.[1];
    if (!found)
      throw new AwsFault('ResourceNotFoundException', 'The provided job identifier does not exist', 404);
    return found;
  }

  private get(things: Map<string, Body>, id: unknown): Body {
    const found = [...things].find(([name, thing]) => name === id || Object.values(thing).includes(id));
    if (!found) throw new AwsFault('ResourceNotFoundException', `${id} does not exist`, 404);
    const [name, thing] = found;
    const key = 'modelStatus' in thing ? 'modelStatus' : 'status';
    const said = { ...thing };
    thing[key] = this.outcomes.get(name) ?? 'Active';
    return said;
  }

  private create(body: Body): SimulatedJob {
    const name = body['jobName'] as string;
    const before = this.jobs.get(name);
    if (before && before.body['clientRequestToken'] === body['clientRequestToken']) return this.job(name);
    if (before) throw new AwsFault('ConflictException', `${name} is in use`);
    const jobArn = `${base}:model-customization-job/${MODEL}/${twelve(name)}`;
    this.tags.set(jobArn, body['jobTags'] as Tag[]);
    this.jobs.set(name, {
      body,
      described: {
        ...body,
        jobArn,
        outputModelName: body['customModelName'],
        baseModelArn: body['baseModelIdentifier'],
        status: 'InProgress',
        creationTime: new Date().toISOString(),
        validationDataConfig: { validators: [] },
        failureMessage: '',
        statusDetails: {
          validationDetails: { status: 'Completed' },
          dataProcessingDetails: { status: 'InProgress' },
          trainingDetails: { status: 'NotStarted' },
        },
      },
    });
    const job = this.job(name);
    this.told(job);
    return job;
  }

  private stop(id: unknown): void {
    const { described } = this.of(id);
    if (described['status'] !== 'InProgress')
      throw new AwsFault('ConflictException', 'the job is not at work');
    described['status'] = 'Stopping';
  }

  private createModel(body: Body): Body {
    const name = body['modelName'] as string;
    if (this.models.has(name)) throw new AwsFault('ConflictException', `${name} is in use`);
    const modelArn = `${base}:custom-model/imported/${twelve(name)}`;
    this.tags.set(modelArn, body['modelTags'] as Tag[]);
    this.models.set(name, {
      modelArn,
      modelName: name,
      modelStatus: 'Creating',
      creationTime: new Date().toISOString(),
    });
    return { modelArn };
  }

  private deploy(body: Body): Body {
    const name = body['modelDeploymentName'] as string;
    if (this.deployments.has(name)) throw new AwsFault('ValidationException', `a deployment ${name} exists`);
    const customModelDeploymentArn = `${base}:custom-model-deployment/${twelve(name)}`;
    this.tags.set(customModelDeploymentArn, body['tags'] as Tag[]);
    this.deployments.set(name, {
      customModelDeploymentArn,
      modelDeploymentName: name,
      modelArn: body['modelArn'],
      status: 'Creating',
      createdAt: new Date().toISOString(),
    });
    return { customModelDeploymentArn };
  }

  private undeploy(id: unknown): void {
    const { modelDeploymentName } = this.get(this.deployments, id);
    this.deployments.delete(modelDeploymentName as string);
  }
}
