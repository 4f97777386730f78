import { gzipSync } from 'node:zlib';
import type { LogsSide } from './other-sides.js';
import type { S3Side } from './s3-side.js';
import { AwsFault } from './call.js';
import { ACCOUNT, REGION, type SimulatedJob } from './simulated-job.js';
import { tarOf } from './tar-of.js';

type Body = Record<string, unknown>;
interface Training {
  body: Body;
  described: Body;
  tags: { Key: string; Value: string }[];
}

const base = `arn:aws:sagemaker:${REGION}:${ACCOUNT}`;
/** AWS's own bucket for the weights of Nova. */
const ESCROW = `customer-escrow-${ACCOUNT}-simulated`;

/** SageMaker by rule. */
export class SageMakerSide {
  private readonly trainings = new Map<string, Training>();
  private readonly things = new Map<string, Body>();

  constructor(
    private readonly s3: S3Side,
    private readonly logs: LogsSide,
    private readonly told: (job: SimulatedJob) => void,
  ) {}

  /** The jobs that were created, by name. */
  get names(): string[] {
    return [...this.trainings.keys()];
  }

  /** Somebody has deleted it. */
  forget(name: string): void {
    this.trainings.delete(name);
  }

  /** Somebody else's job of this name. */
  plant(name: string, tags: Record<string, string>): void {
    this.create({
      TrainingJobName: name,
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    });
  }

  answer(operation: string, body: Body): unknown {
    const known: Record<string, () => unknown> = {
      CreateTrainingJob: () => ({ TrainingJobArn: this.create(body).arn }),
      DescribeTrainingJob: () => this.training(body['TrainingJobName']).described,
      StopTrainingJob: () => this.stop(body['TrainingJobName']),
      ListTags: () => ({ Tags: this.tagsOf(body['ResourceArn'] as string) }),
      CreateHub: () =>
        this.make('HubArn', `${base}:hub/${body['HubName']}`, { ...body, HubStatus: 'InService' }),
      DescribeHub: () => this.thing(`${base}:hub/${body['HubName']}`),
      ImportHubContent: () => this.importContent(body),
      DescribeHubContent: () => this.describeContent(body),
      CreateModelPackageGroup: () =>
        this.make('ModelPackageGroupArn', `${base}:model-package-group/${body['ModelPackageGroupName']}`, {
          ...body,
          ModelPackageGroupStatus: 'Completed',
        }),
      DescribeModelPackageGroup: () =>
        this.thing(
          `${base}:model-package-group/${(body['ModelPackageGroupName'] as string).split('/').at(-1)}`,
        ),
      DescribeModelPackage: () => this.thing(body['ModelPackageName'] as string),
    };
    const run = known[operation];
    if (!run) throw new AwsFault('UnknownOperationException', `the simulator does not know ${operation}`);
    return run();
  }

  /** The job as a test moves it. */
  job(name: string): SimulatedJob {
    const { body, described } = this.training(name);
    const end = (status: string, more: Body = {}): void => {
      Object.assign(
        described,
        { TrainingJobStatus: status, SecondaryStatus: status, TrainingEndTime: Date.now() / 1000 },
        more,
      );
    };
    return {
      name,
      body,
      arn: described['TrainingJobArn'] as string,
      get status() {
        return described['TrainingJobStatus'] as string;
      },
      write: (...lines) => {
        described['SecondaryStatus'] = 'Training';
        this.logs.append(`${name}/algo-1-1764180000`, lines);
      },
      complete: () => end('Completed', this.outcomeOf(name, body)),
      fail: (reason) => end('Failed', { FailureReason: reason }),
      stopped: () => end('Stopped'),
    };
  }

  private training(name: unknown): Training {
    const found = this.trainings.get(name as string);
    if (!found) throw new AwsFault('ValidationException', 'Requested resource not found.');
    return found;
  }

  private create(body: Body): SimulatedJob {
    const name = body['TrainingJobName'] as string;
    if (this.trainings.has(name))
      throw new AwsFault('ResourceInUse', 'Job name must be unique within an account and region');
    const { Tags, ...described } = body;
    this.trainings.set(name, {
      body,
      tags: (Tags ?? []) as Training['tags'],
      described: {
        ...described,
        TrainingJobArn: `${base}:training-job/${name}`,
        TrainingJobStatus: 'InProgress',
        SecondaryStatus: 'Starting',
        CreationTime: Date.now() / 1000,
        ModelArtifacts: { S3ModelArtifacts: 's3://nowhere/model.tar.gz' },
      },
    });
    const job = this.job(name);
    this.told(job);
    return job;
  }

  private stop(name: unknown): void {
    const { described } = this.training(name);
    if (described['TrainingJobStatus'] !== 'InProgress')
      throw new AwsFault(
        'ValidationException',
        'The request was rejected because the training job is in status ' + described['TrainingJobStatus'],
      );
    Object.assign(described, { TrainingJobStatus: 'Stopping', SecondaryStatus: 'Stopping' });
  }

  /** A Nova checkpoint with its manifest; of a serverless job a model package too. */
  private outcomeOf(name: string, body: Body): Body {
    const { S3OutputPath } = body['OutputDataConfig'] as { S3OutputPath: string };
    const folder = `${S3OutputPath.replace(/^s3:\/\/|\/+$/g, '')}/${name}/output`;
    const checkpoint = `${ESCROW}/${name}/checkpoints/step_20`;
    this.s3.put(`${checkpoint}/model.safetensors`, Buffer.from('weights'));
    const manifest = Buffer.from(JSON.stringify({ checkpoint_s3_bucket: `s3://${checkpoint}` }));
    const group = (body['ModelPackageConfig'] as { ModelPackageGroupArn: string } | undefined)
      ?.ModelPackageGroupArn;
    if (!body['ServerlessJobConfig'] || group === undefined) {
      const files = [
        { name: 'tensorboard/events.out', body: Buffer.alloc(100_000, 7) },
        { name: 'manifest.json', body: manifest },
      ];
      this.s3.put(`${folder}/output.tar.gz`, gzipSync(tarOf(files)));
      return {};
    }
    this.s3.put(`${folder}/output/manifest.json`, manifest);
    const OutputModelPackageArn = `${group.replace(':model-package-group/', ':model-package/')}/1`;
    this.things.set(OutputModelPackageArn, {
      ModelPackageArn: OutputModelPackageArn,
      ModelPackageGroupName: group.split('/').at(-1),
      ModelPackageStatus: 'Completed',
    });
    return { OutputModelPackageArn };
  }

  private make(key: string, arn: string, thing: Body): Body {
    if (this.things.has(arn)) throw new AwsFault('ResourceInUse', `${arn} is there already`);
    this.things.set(arn, { ...thing, [key]: arn });
    return { [key]: arn };
  }

  private thing(arn: string): Body {
    const found = this.things.get(arn);
    if (!found) throw new AwsFault('ResourceNotFound', `${arn} does not exist`);
    return found;
  }

  private importContent(body: Body): Body {
    this.thing(`${base}:hub/${body['HubName']}`);
    const arn = contentArn(body);
    this.make('HubContentArn', arn, { ...body, HubContentStatus: 'Available' });
    return { HubArn: `${base}:hub/${body['HubName']}`, HubContentArn: arn };
  }

  private describeContent(body: Body): Body {
    if (body['HubName'] !== 'SageMakerPublicHub') return this.thing(contentArn(body));
    const name = body['HubContentName'];
    return {
      HubContentArn: `arn:aws:sagemaker:${REGION}:aws:hub-content/SageMakerPublicHub/Model/${name}/1.0.0`,
      HubContentStatus: 'Available',
    };
  }

  private tagsOf(arn: string): Training['tags'] {
    const [, name] = /:training-job\/(.+)$/.exec(arn) ?? [];
    return name === undefined
      ? ((this.thing(arn)['Tags'] ?? []) as Training['tags'])
      : this.training(name).tags;
  }
}

const contentArn = (body: Body): string =>
  `${base}:hub-content/${body['HubName']}/${body['HubContentType']}/${body['HubContentName']}/${body['HubContentVersion']}`;
