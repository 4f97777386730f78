import type { IncomingMessage } from 'node:http';
import { AwsFault, type Call } from './call.js';

interface Job {
  id: string;
  status: string;
  model: string;
  training_file: string;
  fine_tuned_model: string | null;
  error: { message: string } | null;
  events: { id: string; data: unknown }[];
}

/** Bedrock's API with OpenAI's words, for open-weight models, under `/v1`; its newest entries come first, two to a page. */
export class OpenWeightSide {
  private files: { id: string; filename: string; bytes: number }[] = [];
  jobs: Job[] = [];

  call(request: IncomingMessage, url: URL, body: Buffer): Call {
    const path = url.pathname.slice('/v1'.length);
    const headers = { 'content-type': 'application/json' };
    return {
      service: 'open-weight',
      operation: `${request.method} ${path.replace(/\/ftjob-[^/]+/, '/ID')}`,
      run: () => {
        if (request.headers.authorization !== 'Bearer simulated')
          throw new AwsFault('invalid_api_key', 'the key is not taken', 401);
        return { headers, body: JSON.stringify(this.answer(request.method!, path, url.searchParams, body)) };
      },
      failed: ({ code, message, status }) => ({
        status: status ?? 400,
        headers,
        body: JSON.stringify({ error: { code, message } }),
      }),
    };
  }

  /** Figures of a step, as an event. */
  tell(job: Job, data: object): void {
    job.events = [{ id: `ftevent-${job.events.length + 1}`, data }, ...job.events];
  }

  private answer(method: string, path: string, asked: URLSearchParams, body: Buffer): unknown {
    if (method === 'GET' && path === '/files') return page(this.files, asked);
    if (method === 'POST' && path === '/files') return this.take(body.toString());
    if (method === 'GET' && path === '/fine_tuning/jobs') return page(this.jobs, asked);
    if (method === 'POST' && path === '/fine_tuning/jobs')
      return this.create(JSON.parse(body.toString()) as Job & { suffix?: string });
    const [, id, part] = /^\/fine_tuning\/jobs\/([^/]+)\/(events|cancel)$/.exec(path) ?? [];
    const job = this.jobs.find((one) => one.id === id);
    if (!job) throw new AwsFault('not_found', `${path} is not there`, 404);
    if (part === 'events') return page(job.events, asked);
    job.status = 'cancelled';
    return job;
  }

  private take(form: string): unknown {
    const [, filename, text] = /filename="([^"]+)"\r\n\r\n(.*)\r\n--/s.exec(form) ?? [];
    if (filename === undefined || text === undefined || !form.includes('name="purpose"\r\n\r\nfine-tune'))
      throw new AwsFault('invalid_request', 'expected a file of purpose fine-tune');
    const file = { id: `file-${this.files.length + 1}`, filename, bytes: Buffer.byteLength(text) };
    this.files = [file, ...this.files];
    return file;
  }

  private create({ model, training_file, suffix }: Job & { suffix?: string }): unknown {
    if (suffix !== undefined) throw new AwsFault('invalid_request', 'suffix is not supported');
    const job = {
      id: `ftjob-${this.jobs.length + 1}`,
      status: 'queued',
      model,
      training_file,
      fine_tuned_model: null,
      error: null,
      events: [],
    };
    this.jobs = [job, ...this.jobs];
    return job;
  }
}

function page<T extends { id: string }>(all: readonly T[], asked: URLSearchParams): unknown {
  const from = all.findIndex(({ id }) => id === asked.get('after')) + 1;
  return { object: 'list', data: all.slice(from, from + 2), has_more: from + 2 < all.length };
}
