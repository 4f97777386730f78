import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BedrockSide } from './bedrock-side.js';
import { IamSide } from './iam-side.js';
import { MlflowSide } from './mlflow-side.js';
import { OpenWeightSide } from './open-weight-side.js';
import { LambdaSide, LogsSide } from './other-sides.js';
import type { RequestChecker } from './request-checker.js';
import { SageMakerSide } from './sagemaker-side.js';
import { AwsFault, type Call, jsonCall } from './call.js';
import type { SimulatedJob } from './simulated-job.js';
import { S3Side } from './s3-side.js';

/** What goes wrong with the next requests of an operation. */
export interface AwsFaultPlan {
  /** By AWS's name of it, such as `CreateTrainingJob`, `PutObject`. */
  operation: string;
  /** How many of them; the rest are answered. */
  times: number;
  /** AWS's name of the error; `lost`: the work is done, and the connection breaks before the reply. */
  error: string;
  status?: number;
  message?: string;
}

export interface SimulatorOptions {
  /** Holds every request against botocore's models of AWS. */
  checker?: RequestChecker;
  /** Is told of each job that is created, to let it train. */
  onJob?(job: SimulatedJob): void;
}

/**
 * What AWS answers to the requests of a training by its own jobs, by rule: training jobs, hubs and model packages of SageMaker, customization
 * jobs and deployments of Bedrock, logs, MLflow, S3, Lambda and the simulation of policies. Jobs train when the test says so.
 */
export class AwsSimulator {
  readonly s3 = new S3Side();
  readonly logs = new LogsSide();
  readonly lambda = new LambdaSide();
  readonly iam = new IamSide();
  readonly mlflow = new MlflowSide();
  readonly openWeight: OpenWeightSide;
  readonly sagemaker: SageMakerSide;
  readonly bedrock: BedrockSide;
  /** Every operation that was asked for, in order. */
  readonly asked: string[] = [];
  /** What was wrong with requests, by botocore's models. */
  wrong: readonly string[] = [];
  private faults: AwsFaultPlan[] = [];
  private readonly server = createServer((request, response) => void this.answer(request, response));

  private constructor(private readonly options: SimulatorOptions) {
    const told = (job: SimulatedJob): void => options.onJob?.(job);
    this.sagemaker = new SageMakerSide(this.s3, this.logs, told);
    this.bedrock = new BedrockSide(this.s3, told);
    this.openWeight = new OpenWeightSide(told);
  }

  static async start(options: SimulatorOptions = {}): Promise<AwsSimulator> {
    const simulator = new AwsSimulator(options);
    await new Promise<void>((resolve) => simulator.server.listen(0, '127.0.0.1', resolve));
    return simulator;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Variables of a process that takes this for AWS. */
  get env(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL: this.url,
      SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT: this.url,
      AWS_ACCESS_KEY_ID: 'simulated',
      AWS_SECRET_ACCESS_KEY: 'simulated',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  }

  fail(...faults: AwsFaultPlan[]): void {
    this.faults = [...this.faults, ...faults];
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const url = new URL(request.url!, this.url);
    const call = this.callOf(request, url, body);
    this.asked.push(call.operation);
    const fault = this.faults.find(({ operation, times }) => operation === call.operation && times > 0);
    if (fault) fault.times -= 1;
    try {
      if (fault && fault.error !== 'lost')
        throw new AwsFault(fault.error, fault.message ?? 'simulated', fault.status);
      await this.check(call);
      const reply = await call.run();
      if (fault) return void request.socket.destroy();
      response.writeHead(reply.status ?? 200, reply.headers);
      response.end(request.method === 'HEAD' ? undefined : reply.body);
    } catch (error) {
      if (!(error instanceof AwsFault)) throw error;
      const { status, headers, body: text } = call.failed(error);
      response.writeHead(status ?? 400, headers);
      response.end(request.method === 'HEAD' ? undefined : text);
    }
  }

  private callOf(request: IncomingMessage, url: URL, body: Buffer): Call {
    const target = request.headers['x-amz-target'];
    if (typeof target === 'string') {
      const [prefix, operation = ''] = target.split('.');
      const params = JSON.parse(body.toString()) as Record<string, unknown>;
      const side = prefix === 'SageMaker' ? this.sagemaker : this.logs;
      const service = prefix === 'SageMaker' ? 'sagemaker' : 'logs';
      return { ...jsonCall(() => side.answer(operation, params as never)), service, operation, params };
    }
    if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded'))
      return this.iam.call(new URLSearchParams(body.toString()));
    if (url.pathname.startsWith('/2015-03-31/functions/')) return this.lambda.call(request, url, body);
    if (url.pathname.startsWith('/api/2.0/mlflow/')) return this.mlflow.call(request, url, body);
    if (url.pathname.startsWith('/v1/')) return this.openWeight.call(request, url, body);
    const found = this.bedrock.find(request.method!, url.pathname);
    if (found) {
      const params = { ...(body.length > 0 ? (JSON.parse(body.toString()) as object) : {}), ...found.params };
      return {
        ...jsonCall(() => found.run(params as Record<string, unknown>)),
        service: 'bedrock',
        operation: found.operation,
        params,
      };
    }
    return this.s3.call(request, url, body);
  }

  private async check({ service, operation, params }: Call): Promise<void> {
    if (!this.options.checker || params === undefined) return;
    const problems = await this.options.checker.problems({ service, operation, params });
    this.wrong = [...this.wrong, ...problems];
    if (problems.length > 0) throw new AwsFault('ValidationException', problems.join('; '));
  }
}
