import type { IncomingMessage } from 'node:http';
import { AwsFault, type Call } from './call.js';
import type { SimulatedJob } from './simulated-job.js';

interface Job {
  id: string;
  status: string;
  model: string;
  training_file: string;
  fine_tuned_model: string | null;
  error: { message: string } | null;
  events: { id: string; data: unknown }[];
}

/**
 * Bedrock's API with OpenAI's words, for open-weight models, under `/v1`; its newest entries come first, two to a page. What a list says of a job is
 * what it was when it was made.
 */
export class OpenWeightSide {
  private files: { id: string; filename: string; bytes: number }[] = [];
  jobs: Job[] = [];
  /** Models that do not answer. */
  readonly silent = new Set<string>();

  constructor(private readonly told: (job: SimulatedJob) => void) {}

  /** Somebody has deleted all. */
  forget(): void {
    this.jobs = [];
  }

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
    if (method === 'GET' && path === '/fine_tuning/jobs') {
      const old = this.jobs.map((job) => ({ ...job, status: 'queued', fine_tuned_model: null }));
      return page(old, asked);
    }
    if (method === 'POST' && path === '/chat/completions')
      return this.chat(JSON.parse(body.toString()) as { model: string });
    if (method === 'POST' && path === '/fine_tuning/jobs')
      return this.create(JSON.parse(body.toString()) as Job & { suffix?: string });
    const [, id, part] = /^\/fine_tuning\/jobs\/([^/]+)(?:\/(events|cancel))?$/.exec(path) ?? [];
    const job = this.jobs.find((one) => one.id === id);
    if (!job) throw new AwsFault('not_found', `${path} is not there`, 404);
    if (part === 'events') return page(job.events, asked);
    if (part === undefined) return job;
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
    const job: Job = {
      id: `ftjob-${this.jobs.length + 1}`,
      status: 'queued',
      model,
      training_file,
      fine_tuned_model: null,
      error: null,
      events: [],
    };
    this.jobs = [job, ...this.jobs];
    this.told(this.movable(job));
    return job;
  }

  /** The job as a test moves it; a line is the figures of a step, as JSON. */
  private movable(job: Job): SimulatedJob {
    const { filename } = this.files.find(({ id }) => id === job.training_file)!;
    return {
      name: filename.replace(/\.jsonl$/, ''),
      body: { model: job.model },
      arn: job.id,
      get status() {
        return job.status;
      },
      write: (...lines) => {
        for (const line of lines) this.tell(job, JSON.parse(line) as object);
      },
      complete: () =>
        void Object.assign(job, { status: 'succeeded', fine_tuned_model: `${job.model}:${job.id}` }),
      fail: (message) => void Object.assign(job, { status: 'failed', error: { message } }),
      stopped: () => void Object.assign(job, { status: 'cancelled' }),
    };
  }

  /** A model that was trained says more than its base. */
  private chat({ model }: { model: string }): unknown {
    const isOurs = this.jobs.some(({ fine_tuned_model: ours }) => ours === model);
    if (this.silent.has(model) || (model.includes(':') && !isOurs))
      throw new AwsFault('model_not_found', `the model ${model} does not exist`, 404);
    const content = isOurs ? 'a longer answer' : 'short';
    return {
      id: 'chat',
      object: 'chat.completion',
      created: 1,
      model,
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }],
      usage: { prompt_tokens: 10, completion_tokens: 3, total_tokens: 13 },
    };
  }
}

function page<T extends { id: string }>(all: readonly T[], asked: URLSearchParams): unknown {
  const from = all.findIndex(({ id }) => id === asked.get('after')) + 1;
  return { object: 'list', data: all.slice(from, from + 2), has_more: from + 2 < all.length };
}
