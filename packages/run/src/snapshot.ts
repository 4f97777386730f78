import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { costOf } from '@touchstone/core';
import { InputError, largest, type Reward, type StepSummary } from '@touchstone/spec';
import { isRunLocked, openRun, type RunStore, type StoredEvent } from '@touchstone/store';
import { parse } from 'yaml';
import { z } from 'zod';
import { REINFORCE } from './stages/stages.js';
import { trainingFolders } from './trainings/folders.js';

/** What a run's folder says of it, read while another process works in it. */
export interface RunSnapshot {
  /** Of several trainings that of the one at work. */
  folder: string;
  name: string;
  /** Who trains. */
  backend: string;
  /** A process works on it now. */
  isAtWork: boolean;
  /** Milliseconds since run.db was written to. */
  idleMs: number;
  /** The stage at work, or the one that was when the process ended; null before the first and after the last. */
  stage: { title: string; sinceMs: number } | null;
  finished: { name: string; seconds: number }[];
  /** Training steps that are stored, of how many. */
  steps: StepSummary[];
  stepsWanted: number;
  alarms: { time: string; text: string }[];
  /** Answers of the last step, the best first. */
  answers: SeenAnswer[];
  /** Paid replies of each judge, and of all models together, those of a panel's members among them. */
  paid: { who: string; calls: number; inputTokens: number; outputTokens: number; money: number | null }[];
}

export interface SeenAnswer {
  task: string;
  response: string;
  /** 0–1; null: no verdict. */
  score: number | null;
  /** Of the judge or of the check that decided; why there is no verdict. */
  reason: string;
}

/** Of `config.yaml`, which an older version may have written. */
const claimSchema = z.looseObject({
  models: z.record(z.string(), z.string()),
  config: z.looseObject({
    name: z.string(),
    training: z.looseObject({ steps: z.number(), backend: z.string().default('embedded') }),
    judge: z.looseObject({}).optional(),
    heldout_judge: z.looseObject({}).optional(),
  }),
});
type Claim = z.infer<typeof claimSchema>;
const priceSchema = z.looseObject({ price: z.looseObject({ input: z.number(), output: z.number() }) });

/**
 * @param named the run's folder; of several trainings what was written to last is shown.
 * @param now milliseconds since 1970.
 * @throws {InputError} the folder holds no run. @throws {RunError} what is read in it is damaged.
 */
export async function readSnapshot(named: string, now: number): Promise<RunSnapshot> {
  const folder = await folderAtWork(named);
  const claim = await readClaim(folder);
  const store = openRun(folder, { readOnly: true });
  try {
    const steps = store.steps(REINFORCE.name);
    const events = store.events();
    return {
      folder,
      name: claim.config.name,
      backend: claim.config.training.backend,
      // Between two of several trainings only the folder of all is locked.
      isAtWork: isRunLocked(folder) || isRunLocked(named),
      idleMs: Math.max(0, now - (await lastWritten(folder))),
      stage: stageOf(events, now),
      finished: store.stages().map(({ name, seconds }) => ({ name, seconds })),
      steps,
      stepsWanted: claim.config.training.steps,
      alarms: events.flatMap(({ time, event }) =>
        event.type === 'alarm' ? [{ time, text: event.text }] : [],
      ),
      answers: answersOf(store, steps.at(-1)?.step),
      paid: paidFor(store, claim),
    };
  } finally {
    store.close();
  }
}

async function readClaim(folder: string): Promise<Claim> {
  const file = join(folder, 'config.yaml');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    throw InputError.at(
      { file },
      'expected the folder of a run, with its config.yaml and run.db: name the one that "touchstone run" works in',
    );
  }
  const { success, data } = claimSchema.safeParse(parse(text));
  if (success) return data;
  throw InputError.at({ file }, 'it is not what a run writes: expected its name, its steps and its models');
}

/** Of a run of several trainings the folder of the one at work, or that of what they share. */
async function folderAtWork(named: string): Promise<string> {
  const folders = [named, ...(await trainingFolders(named)).map(({ folder }) => folder)];
  const times = await Promise.all(folders.map(lastWritten));
  return folders[times.indexOf(largest(times))]!;
}

/** While a run is at work, its newest writes are in the log beside run.db. */
async function lastWritten(folder: string): Promise<number> {
  const times = await Promise.all(
    ['run.db', 'run.db-wal'].map((file) =>
      stat(join(folder, file)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  return largest(times);
}

function stageOf(events: readonly StoredEvent[], now: number): RunSnapshot['stage'] {
  const last = events.findLast(({ event }) => event.type.startsWith('stage-'));
  return last?.event.type === 'stage-started'
    ? { title: last.event.title, sinceMs: Math.max(0, now - Date.parse(last.time)) }
    : null;
}

function answersOf(store: RunStore, step: number | undefined): SeenAnswer[] {
  if (step === undefined) return [];
  return store
    .rollouts(REINFORCE.name, step)
    .map(({ rollout, reward }): SeenAnswer => {
      const { task, response } = rollout;
      if (!reward) return { task: task.id, response, score: null, reason: 'not judged' };
      if (reward.status === 'abstained')
        return { task: task.id, response, score: null, reason: `${reward.reason}: ${reward.detail}` };
      return { task: task.id, response, score: reward.score, reason: reasonOf(reward) };
    })
    .sort((a, b) => (b.score ?? -1) - (a.score ?? -1));
}

/** What cost an answer most, in the words of who said so. */
function reasonOf({ gatedBy, components, verdicts }: Extract<Reward, { status: 'scored' }>): string {
  if (gatedBy !== undefined) {
    const check = components.find(({ name }) => name === gatedBy);
    return `${gatedBy}${check?.detail === undefined ? '' : `: ${check.detail}`}`;
  }
  const scored = verdicts.flatMap((verdict) => (verdict.status === 'scored' ? [verdict] : []));
  const weakest = scored.flatMap(({ criteria }) => criteria).toSorted((a, b) => a.score - b.score)[0];
  if (weakest) return `${weakest.criterion} ${weakest.value}: ${weakest.reason}`;
  const rationale = scored.find((verdict) => verdict.rationale)?.rationale;
  return rationale?.reason ?? components.map(({ name, score }) => `${name} ${score ?? 'none'}`).join(', ');
}

function paidFor(store: RunStore, { models, config }: Claim): RunSnapshot['paid'] {
  const ofRole = (who: string, fingerprint: string | undefined, asked: unknown): RunSnapshot['paid'] => {
    if (fingerprint === undefined) return [];
    const { calls, inputTokens, outputTokens } = store.judgeTotals(fingerprint);
    const { data } = priceSchema.safeParse(asked);
    const money = data ? costOf({ inputTokens, outputTokens }, data.price).money : null;
    return calls === 0 ? [] : [{ who, calls, inputTokens, outputTokens, money }];
  };
  const roles = [
    ...ofRole('judge', models['judge'], config.judge),
    ...ofRole('held-out judge', models['heldout_judge'], config.heldout_judge),
  ];
  // Every key begins with nothing: those of a panel's members and of a policy behind an API too.
  const { calls, inputTokens, outputTokens } = store.judgeTotals('');
  const isMore = calls > roles.reduce((sum, role) => sum + role.calls, 0);
  return isMore ? [...roles, { who: 'all models', calls, inputTokens, outputTokens, money: null }] : roles;
}
