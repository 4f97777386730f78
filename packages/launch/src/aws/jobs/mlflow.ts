import { networkFetch } from '@touchstone/core';
import { InputError } from '@touchstone/spec';
import { z } from 'zod';
import { parseOrNull } from '../../json.js';
import { partitionOf } from './arns.js';
import { AwsError } from './errors.js';
import type { JobStep } from './metrics/log-line.js';
import { signedRequest } from './signed-request.js';

/*
 * MLflow's REST API as SageMaker serves it: the same paths, with requests that are signed, and a header that says which server is meant. Where
 * that is and what is signed for is what AWS's own plugin of MLflow does (sagemaker-mlflow, on PyPI).
 */

const REPLY_MS = 30_000;
/** Figures of a page, and runs. */
const PAGE = 10_000;
const MOST_RUNS = 10;

/** A run of MLflow that a training job writes to. */
export interface MlflowRun {
  /** `arn:aws:sagemaker:REGION:ACCOUNT:mlflow-tracking-server/NAME`, or `…:mlflow-app/ID`. */
  serverArn: string;
  experiment: string;
  name: string;
}

/** Where a server is, and how its requests are signed. */
interface Server {
  url: string;
  service: string;
  region: string;
  header: string;
}

/**
 * Where the server of an ARN is. `SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT`, which AWS's plugin knows too, says that it is elsewhere.
 *
 * @throws {InputError} no server's ARN, or one of a partition that has none.
 */
export function mlflowServer(arn: string): Server {
  const [, region, kind] =
    /^arn:aws[a-z-]*:sagemaker:([a-z0-9-]+):\d{12}:(mlflow-tracking-server|mlflow-app)\/[^/]+$/.exec(arn) ??
    [];
  if (region === undefined || partitionOf(region) === 'aws-cn') {
    throw new InputError([
      {
        message: `training.aws.mlflow is ${arn}: expected arn:aws:sagemaker:REGION:ACCOUNT:mlflow-tracking-server/NAME, or the same with mlflow-app/ID`,
      },
    ]);
  }
  const isApp = kind === 'mlflow-app';
  const url = isApp
    ? `https://mlflow.sagemaker.${region}.app.aws`
    : `https://${region}.experiments.sagemaker.aws`;
  return {
    url: process.env['SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT'] ?? url,
    service: isApp ? 'sagemaker' : 'sagemaker-mlflow',
    region,
    header: isApp ? 'x-sm-mlflow-app-arn' : 'x-mlflow-sm-tracking-server-arn',
  };
}

const experimentSchema = z.looseObject({ experiment: z.looseObject({ experiment_id: z.string() }) });
const figure = z.union([z.number(), z.string()]);
const metricSchema = z.looseObject({
  key: z.string(),
  value: figure,
  // MLflow writes whole numbers of 64 bits as text.
  step: z.coerce.number().default(0),
  timestamp: z.coerce.number().default(0),
});
const runsSchema = z.looseObject({
  runs: z
    .array(
      z.looseObject({
        info: z.looseObject({ run_id: z.string() }),
        data: z.looseObject({ metrics: z.array(metricSchema).nullish() }).nullish(),
      }),
    )
    .nullish(),
});
const historySchema = z.looseObject({
  metrics: z.array(metricSchema).nullish(),
  next_page_token: z.string().nullish(),
});
type Metric = z.output<typeof metricSchema>;

/** Reads the figures of a run, and again only those that have changed. */
export class MlflowSteps {
  private readonly server: Server;
  private readonly steps = new Map<number, Record<string, number | null>>();
  /** By run and figure: what was the last of it. */
  private readonly last = new Map<string, string>();

  constructor(private readonly run: MlflowRun) {
    this.server = mlflowServer(run.serverArn);
  }

  /**
   * The steps that it knows. A run that is not there yet has none; of several of its name, which a job has that begins again, the later one
   * counts.
   *
   * @throws {AwsError} the server says no, is out of reach, or answers something else.
   */
  async read(): Promise<JobStep[]> {
    const experiment = await this.experiment();
    if (experiment !== null) {
      for (const { info, data } of (await this.runs(experiment)).toReversed()) {
        for (const latest of data?.metrics ?? []) await this.readOn(info.run_id, latest);
      }
    }
    return [...this.steps]
      .toSorted(([a], [b]) => a - b)
      .map(([step, metrics]) => ({ step, metrics: { ...metrics }, seconds: null }));
  }

  private async experiment(): Promise<string | null> {
    const path = `experiments/get-by-name?${new URLSearchParams({ experiment_name: this.run.experiment })}`;
    const found = await this.ask('GET', path, experimentSchema);
    return found?.experiment.experiment_id ?? null;
  }

  /** The newest first. */
  private async runs(experiment: string): Promise<NonNullable<z.output<typeof runsSchema>['runs']>> {
    const found = await this.ask('POST', 'runs/search', runsSchema, {
      experiment_ids: [experiment],
      filter: `attributes.run_name = '${this.run.name}'`,
      order_by: ['attributes.start_time DESC'],
      max_results: MOST_RUNS,
    });
    return found?.runs ?? [];
  }

  private async readOn(id: string, { key, step, timestamp }: Metric): Promise<void> {
    const place = `${id} ${key}`;
    const now = `${step} ${timestamp}`;
    if (this.last.get(place) === now) return;
    for (let token = ''; ;) {
      const asked = new URLSearchParams({ run_id: id, metric_key: key, max_results: `${PAGE}` });
      if (token !== '') asked.set('page_token', token);
      const page = await this.ask('GET', `metrics/get-history?${asked}`, historySchema);
      for (const metric of page?.metrics ?? []) this.take(metric);
      token = page?.next_page_token ?? '';
      if (token === '') break;
    }
    this.last.set(place, now);
  }

  private take({ key, value, step }: Metric): void {
    // Step 0 is a validation before anything was trained.
    if (!Number.isSafeInteger(step) || step < 1) return;
    const number = typeof value === 'number' ? value : Number.NaN;
    this.steps.set(step, { ...this.steps.get(step), [key]: Number.isFinite(number) ? number : null });
  }

  /** Null: the server says that there is no such thing. */
  private async ask<T>(
    method: 'GET' | 'POST',
    path: string,
    schema: z.ZodType<T>,
    body?: object,
  ): Promise<T | null> {
    const { url, header, service, region } = this.server;
    const what = `could not ask MLflow (${this.run.serverArn}) for ${path.split('?')[0]}`;
    let status: number;
    let text: string;
    try {
      const signed = await signedRequest({
        method,
        url: `${url.replace(/\/+$/, '')}/api/2.0/mlflow/${path}`,
        headers: { [header]: this.run.serverArn },
        json: body,
        service,
        region,
      });
      const reply = await networkFetch(signed.url, { ...signed, signal: AbortSignal.timeout(REPLY_MS) });
      ({ status } = reply);
      text = await reply.text();
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      throw new AwsError(`${what}: ${code ?? message}`, code ?? 'unreached', true, cause);
    }
    const said = parseOrNull(text);
    const { success, data } = schema.safeParse(said);
    if (status === 200 && success) return data;
    const { error_code: code } = z.looseObject({ error_code: z.string() }).safeParse(said).data ?? {};
    if (code === 'RESOURCE_DOES_NOT_EXIST') return null;
    throw new AwsError(
      `${what}: HTTP ${status}, ${text.slice(0, 200)}. To do: look whether the server runs, and whether whoever runs this command has the statement ReadMlflow that --plan writes`,
      code ?? `HTTP ${status}`,
      true,
      null,
    );
  }
}
