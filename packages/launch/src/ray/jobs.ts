import type { Config } from '@touchstone/run';
import { networkFetch, shorten, systemClock, type Clock } from '@touchstone/core';
import { RunError } from '@touchstone/spec';
import { z } from 'zod';
import { parseOrNull } from '../json.js';

/** What this was written for and is tested with. */
export const RAY = '2.60.0';

/** `training.ray`. */
export type RayOptions = NonNullable<Config['training']['ray']>;

/** A reply may take so long: the first job of a cluster takes Ray some seconds to start. */
const REPLY_MS = 60_000;
/** A job that is sent is sent so often, while the cluster is out of reach. */
const SUBMISSIONS = 5;
const FIRST_PAUSE_MS = 500;

/** A job for the cluster: a command of `sh` on one of its machines. */
export interface RayJob {
  /** Ours to choose, once: letters, digits, `.`, `_`, `-`. A second submission under it finds the first one's job. */
  id: string;
  entrypoint: string;
  /** Environment of the command, and of each task and actor that it starts. Whoever may ask Ray may read it. */
  env: Readonly<Record<string, string>>;
  /** What the command takes of a machine; without any it is started on the head, and sees all GPUs there. */
  cpus?: number | undefined;
  gpus?: number | undefined;
}

const versionSchema = z.object({ version: z.string(), ray_version: z.string(), session_name: z.string() });

const jobSchema = z.object({
  submission_id: z.string(),
  status: z.enum(['PENDING', 'RUNNING', 'STOPPED', 'SUCCEEDED', 'FAILED']),
  entrypoint: z.string(),
  /** What Ray says of the status; of a command that has failed, the end of its output too. */
  message: z.string().nullable(),
  /** Milliseconds since the epoch. */
  start_time: z.number().nullish(),
});
/** What Ray says of a job. */
export type RayJobState = z.output<typeof jobSchema>;

/** Whether a job is waiting or at work. */
export const isUnderWay = ({ status }: Pick<RayJobState, 'status'>): boolean =>
  status === 'PENDING' || status === 'RUNNING';

/** The cluster did not answer this time; its jobs go on. */
export class OutOfReachError extends RunError {}

/** Ray's Jobs API: what its dashboard answers over HTTP, which `ray job submit` asks too. */
export class RayJobs {
  private readonly base: string;

  /**
   * @param address of the dashboard, such as `http://127.0.0.1:8265`.
   * @param token of a cluster that wants one; by default what `RAY_AUTH_TOKEN` holds, as for Ray's own tools.
   */
  constructor(
    readonly address: string,
    private readonly token = process.env['RAY_AUTH_TOKEN'],
    private readonly clock: Clock = systemClock,
  ) {
    this.base = address.replace(/\/+$/, '');
  }

  /** Of Ray; `session` is another one after the head was started again. @throws {RunError} */
  async version(): Promise<{ ray: string; session: string }> {
    const reply = await this.ask('GET', '/api/version');
    const said = this.read(reply, versionSchema, 'its version');
    return { ray: said.ray_version, session: said.session_name };
  }

  /**
   * Starts a job, or finds the one that was started under its id. Tried again while the cluster is out of reach: a reply
   * that was lost starts no second job.
   *
   * @throws {RunError} Ray refuses it, or what it has under this id is another command.
   */
  async submit(job: RayJob): Promise<void> {
    if (!/^[\w.-]+$/.test(job.id)) throw new TypeError(`${job.id} cannot be the id of a Ray job`);
    const body = JSON.stringify({
      submission_id: job.id,
      entrypoint: job.entrypoint,
      runtime_env: { env_vars: job.env },
      ...(job.cpus === undefined ? {} : { entrypoint_num_cpus: job.cpus }),
      ...(job.gpus === undefined ? {} : { entrypoint_num_gpus: job.gpus }),
    });
    for (let attempt = 1; ; attempt++) {
      try {
        const reply = await this.ask('POST', '/api/jobs/', body);
        const about = `that it takes the job ${job.id}`;
        // That the id is taken is an error of its own server in Ray's words.
        const known = reply.status < 500 ? null : await this.find(job.id);
        if (!known) return void this.read(reply, z.object({ submission_id: z.literal(job.id) }), about);
        if (known.entrypoint === job.entrypoint) return;
        throw new RunError(
          `Ray at ${this.address} has another job under the id ${job.id}, which runs: ${shorten(known.entrypoint, 200)}. ` +
            'Is this folder a copy of another run, which trains there? Then wait until that has ended, and choose another folder with --out.',
        );
      } catch (error) {
        if (!(error instanceof OutOfReachError) || attempt === SUBMISSIONS) throw error;
        await this.clock.sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1));
      }
    }
  }

  /**
   * What Ray knows of a job; null: nothing, as of every job after a head that keeps no state was started again.
   *
   * @throws {OutOfReachError} it did not answer. @throws {RunError} it did not say.
   */
  async find(id: string): Promise<RayJobState | null> {
    const reply = await this.ask('GET', `/api/jobs/${id}`);
    if (isUnknownJob(reply)) return null;
    return this.read(reply, jobSchema, `the job ${id}`);
  }

  /**
   * The end of what a job has written. Ray keeps it on the machine where the job ran, and sends all of it: for jobs that write
   * little.
   *
   * @param most characters.
   * @throws {RunError} it is not to be had: the machine has gone, say.
   */
  async logs(id: string, most = 4000): Promise<string> {
    const reply = await this.ask('GET', `/api/jobs/${id}/logs`);
    return this.read(reply, z.object({ logs: z.string() }), `the log of ${id}`).logs.slice(-most);
  }

  /**
   * Asks a job to end: SIGTERM for its command and all that this has started, SIGKILL some seconds later. One that waits for
   * resources ends when it gets them. No job, or one that has ended, is as it should be.
   *
   * @throws {RunError} Ray does not do it.
   */
  async stop(id: string): Promise<void> {
    const reply = await this.ask('POST', `/api/jobs/${id}/stop`);
    if (isUnknownJob(reply)) return;
    this.read(reply, z.object({ stopped: z.boolean() }), `how it stops ${id}`);
  }

  private async ask(method: 'GET' | 'POST', path: string, body?: string): Promise<Reply> {
    let response: Response;
    try {
      response = await networkFetch(`${this.base}${path}`, {
        method,
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(this.token ? { authorization: `Bearer ${this.token}` } : {}),
        },
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.timeout(REPLY_MS),
      });
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      throw new OutOfReachError(
        `the Ray dashboard at ${this.address} is out of reach (${code ?? message}): look whether the cluster runs, whether a forwarded port is still open, ` +
          'and whether training.ray.address is right',
        { cause },
      );
    }
    const reply = { status: response.status, text: await response.text() };
    if (reply.status === 401 || reply.status === 403) {
      throw new RunError(
        `the Ray cluster at ${this.address} ${this.token ? 'does not take the token in RAY_AUTH_TOKEN' : 'wants a token'} (${oneLine(reply.text)}): ` +
          'set RAY_AUTH_TOKEN to that of the cluster (on its head: ray get-auth-token)',
      );
    }
    // Not Ray's own errors, but of what stands before it.
    if ([429, 502, 503, 504].includes(reply.status)) throw this.refused(reply, 'this time', OutOfReachError);
    return reply;
  }

  /** @throws {RunError} it is not what Ray says. */
  private read<T>(reply: Reply, schema: z.ZodType<T>, about: string): T {
    if (reply.status >= 500) throw this.refused(reply, about, OutOfReachError);
    if (reply.status !== 200) throw this.refused(reply, about);
    const said = parseOrNull(reply.text);
    if (said === null) {
      throw new RunError(
        `what answers at ${this.address} is not the Ray dashboard: expected JSON, it says "${oneLine(reply.text)}". ` +
          'Set training.ray.address to the address that `ray start` prints, without a page to sign in at before it',
      );
    }
    const { success, data, error } = schema.safeParse(said);
    if (success) return data;
    const [issue] = error.issues;
    throw new RunError(
      `Ray at ${this.address} says of ${about} what is not known here (${issue!.path.join('.') || 'all of it'}: ${issue!.message}): ` +
        `"${oneLine(reply.text)}". This was written for Ray ${RAY}`,
    );
  }

  private refused(reply: Reply, about: string, Kind = RunError): RunError {
    return new Kind(
      `Ray at ${this.address} does not say ${about}: HTTP ${reply.status}, ${oneLine(reply.text)}`,
    );
  }
}

interface Reply {
  status: number;
  text: string;
}

/** Other servers, and a wrong path, have other words for a page that is not there. */
const isUnknownJob = ({ status, text }: Reply): boolean =>
  status === 404 && /^Job .* does not exist/.test(text);

/** Ray sends a traceback of Python: its last line is what went wrong. */
function oneLine(text: string): string {
  const lines = text.split('\n').filter((line) => /\w/.test(line));
  const last = text.startsWith('Traceback') ? lines.at(-1) : lines[0];
  return shorten(last?.trim() ?? 'nothing', 300);
}
