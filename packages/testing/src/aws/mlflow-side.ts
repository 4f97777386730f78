import type { IncomingMessage } from 'node:http';
import { AwsFault, type Call } from './call.js';

interface Metric {
  key: string;
  value: number;
  step: number;
  timestamp: number;
}

/** A server of MLflow by rule: one experiment for each name that is asked for, two figures to a page. */
export class MlflowSide {
  /** Figures of runs, by their names; a run is there when it has one. */
  private readonly runs = new Map<string, Metric[]>();
  /** By which headers requests came, in order. */
  readonly asked: { authorization: string; server: string }[] = [];

  /** A figure of a step. */
  log(run: string, step: number, metrics: Readonly<Record<string, number>>): void {
    const before = this.runs.get(run) ?? [];
    const fresh = Object.entries(metrics).map(([key, value], i) => ({
      key,
      value,
      step,
      timestamp: before.length + i,
    }));
    this.runs.set(run, [...before, ...fresh]);
  }

  call(request: IncomingMessage, url: URL, body: Buffer): Call {
    const path = url.pathname.slice('/api/2.0/mlflow/'.length);
    const headers = { 'content-type': 'application/json' };
    return {
      service: 'mlflow',
      operation: `mlflow ${path}`,
      run: () => {
        const server = request.headers['x-mlflow-sm-tracking-server-arn'];
        const { authorization = '' } = request.headers;
        this.asked.push({ authorization, server: String(server) });
        if (typeof server !== 'string' || !authorization.startsWith('AWS4-HMAC-SHA256 '))
          throw new AwsFault('PERMISSION_DENIED', 'expected a signed request with the ARN of a server', 403);
        return { headers, body: JSON.stringify(this.answer(path, url.searchParams, body)) };
      },
      failed: ({ code, message, status }) => ({
        status: status ?? 400,
        headers,
        body: JSON.stringify({ error_code: code, message }),
      }),
    };
  }

  private answer(path: string, asked: URLSearchParams, body: Buffer): unknown {
    if (path === 'experiments/get-by-name') {
      if (this.runs.size === 0) throw new AwsFault('RESOURCE_DOES_NOT_EXIST', 'no such experiment', 404);
      return { experiment: { experiment_id: '7', name: asked.get('experiment_name') } };
    }
    if (path === 'runs/search') {
      const { filter } = JSON.parse(body.toString()) as { filter: string };
      const [, name = ''] = /^attributes\.run_name = '([^']+)'$/.exec(filter) ?? [];
      const metrics = this.runs.get(name);
      if (!metrics) return {};
      // The last of each.
      const latest = [...new Map(metrics.map((metric) => [metric.key, metric])).values()];
      return { runs: [{ info: { run_id: name }, data: { metrics: latest } }] };
    }
    if (path !== 'metrics/get-history') throw new AwsFault('ENDPOINT_NOT_FOUND', path, 404);
    const all = (this.runs.get(asked.get('run_id') ?? '') ?? []).filter(
      ({ key }) => key === asked.get('metric_key'),
    );
    const from = Number(asked.get('page_token') ?? 0);
    const more = from + 2 < all.length ? { next_page_token: String(from + 2) } : {};
    return { metrics: all.slice(from, from + 2), ...more };
  }
}
