import { RunError } from '@touchstone/spec';
import { z } from 'zod';
import { VanishedError } from './errors.js';
import { type AwsJob, followed, type JobState, type JobStep } from './job.js';
import { jobName } from './names.js';
import { fileSchema, OpenWeightApi, type OpenWeightPlace } from './open-weight-api.js';
import { openWeightJob, type OpenWeightJob } from './requests/open-weight.js';
import type { Waiting } from './wait.js';

const jobSchema = z.looseObject({
  id: z.string(),
  status: z.string(),
  model: z.string().nullish(),
  training_file: z.string(),
  fine_tuned_model: z.string().nullish(),
  error: z.looseObject({ message: z.string().nullish() }).nullish(),
});
const eventSchema = z.looseObject({ id: z.string(), data: z.unknown() });
type Job = z.output<typeof jobSchema>;

/**
 * A job of Bedrock for an open-weight model. Its API gives a job no name and no token; what finds a job again is its file of training tasks, which is
 * uploaded under the job's name.
 *
 * @param tasks JSON Lines.
 */
export function openWeightTraining(
  place: OpenWeightPlace,
  {
    run,
    attempt,
    tasks,
    ...job
  }: Omit<OpenWeightJob, 'trainingFile'> & { run: string; attempt: number; tasks: string },
  waiting: Waiting = {},
): AwsJob {
  const name = jobName(run, attempt);
  const filename = `${name}.jsonl`;
  const api = new OpenWeightApi(place);

  async function file(): Promise<string | null> {
    const found = (await api.all('/files', fileSchema)).filter((one) => one.filename === filename);
    const [first] = found;
    if (first?.bytes != null && first.bytes !== Buffer.byteLength(tasks))
      throw new RunError(
        `${filename} of this run is uploaded already, with other tasks: put them back to follow the job, or start the next attempt`,
      );
    return first?.id ?? null;
  }

  async function find(): Promise<Job | null> {
    const id = await file();
    if (id === null) return null;
    const ours = (await api.all('/fine_tuning/jobs', jobSchema)).find((one) => one.training_file === id);
    // What a list says of a job's state may be old: AWS's own examples ask for each job by its id.
    return ours ? api.ask('GET', `/fine_tuning/jobs/${ours.id}`, jobSchema) : null;
  }

  async function known(): Promise<Job> {
    const found = await find();
    if (found) return found;
    throw new VanishedError(
      `${place.baseUrl} knows no job with the file ${filename}: it was not started, or is in another region or account`,
    );
  }

  const status = async (): Promise<JobState> => stateOf(await known());

  return {
    name,
    async start() {
      const before = await find();
      if (before) {
        if (before.model != null && before.model !== job.model)
          throw new RunError(
            `the job ${before.id} of this run trains ${before.model}; expected ${job.model}`,
          );
        return { arn: before.id, found: true };
      }
      const trainingFile = (await file()) ?? (await api.upload(filename, tasks)).id;
      const made = await api.ask(
        'POST',
        '/fine_tuning/jobs',
        jobSchema,
        openWeightJob({ ...job, trainingFile }),
      );
      return { arn: made.id, found: false };
    },
    status,
    async *steps(signal) {
      const { id } = await known();
      const seen = new Set<string>();
      const read = async (): Promise<JobStep[]> => {
        const events = await api.all(`/fine_tuning/jobs/${id}/events`, eventSchema);
        // The newest comes first.
        const fresh = events.toReversed().filter((event) => !seen.has(event.id));
        for (const event of fresh) seen.add(event.id);
        return fresh.flatMap(({ data }) => stepOf(data));
      };
      yield* followed(
        { name, status, read, whereToLook: `Its events: ${place.baseUrl}/fine_tuning/jobs/${id}/events` },
        waiting,
        signal,
      );
    },
    async result() {
      const found = await known();
      const { state, detail } = stateOf(found);
      if (state !== 'completed') throw new RunError(`the job ${found.id} has not completed: ${detail}`);
      if (!found.fine_tuned_model) throw new RunError(`the job ${found.id} has completed and names no model`);
      return { kind: 'served', model: found.fine_tuned_model };
    },
    async stop() {
      const found = await find();
      if (!found || stateOf(found).state !== 'running') return;
      await api.ask('POST', `/fine_tuning/jobs/${found.id}/cancel`, z.looseObject({ id: z.string() }), {});
    },
  };
}

const STATES: Readonly<Record<string, JobState['state']>> = {
  validating_files: 'running',
  queued: 'running',
  pending: 'running',
  running: 'running',
  paused: 'running',
  cancelling: 'running',
  succeeded: 'completed',
  failed: 'failed',
  cancelled: 'stopped',
};

/** @throws {RunError} a status that is not known here. */
function stateOf({ id, status, error }: Job): JobState {
  const state = STATES[status];
  if (state === undefined)
    throw new RunError(
      `Bedrock says ${status} of the job ${id}, which is not known here; expected ${Object.keys(STATES).join(', ')}`,
    );
  return { state, detail: [status, error?.message].filter((part) => part != null && part !== '').join('; ') };
}

/** The figures of an event, where it has a step: which figures there are, AWS does not write down. */
function stepOf(data: unknown): JobStep[] {
  const { success, data: figures } = z.record(z.string(), z.unknown()).safeParse(data);
  const step = success ? (figures['step'] ?? figures['step_number']) : undefined;
  if (!success || typeof step !== 'number' || !Number.isSafeInteger(step) || step < 1) return [];
  const metrics = Object.entries(figures).filter(
    (entry): entry is [string, number | null] =>
      !['step', 'step_number'].includes(entry[0]) && (typeof entry[1] === 'number' || entry[1] === null),
  );
  return [{ step, metrics: Object.fromEntries(metrics), seconds: null }];
}
