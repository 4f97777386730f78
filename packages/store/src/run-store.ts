import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import {
  InputError,
  type JsonValue,
  type ModelReply,
  type ReplyCache,
  type RunEvent,
  type StepSummary,
  type Task,
} from '@touchstone/spec';

import { decode, decodeAny, encode } from './columns.js';
import { type Database, openDatabase, transaction } from './database.js';
import { lockRun } from './run-lock.js';
import { rolloutTable, type RolloutRecord, type StoredRollout } from './rollout-table.js';

export interface Stage {
  name: string;
  seconds: number;
  value: JsonValue;
}

export interface StoredEvent {
  /** Rises with each event. */
  position: number;
  time: string;
  event: RunEvent;
}

/** Judge replies, found and kept at once. */
interface ReplyTable extends ReplyCache {
  get(key: string): ModelReply | undefined;
  put(key: string, reply: ModelReply): void;
  note(key: string, reply: ModelReply): void;
}

/**
 * What a run leaves behind, in `run.db` of its folder. Every method that writes has committed when it returns, so
 * whatever was put is there after the process is killed. Other processes may read at the same time.
 * Methods throw a RunError when what they read is not what was written (a damaged file).
 */
export interface RunStore extends ReplyTable {
  /** A finished stage, or undefined. */
  stage(name: string): { seconds: number; value: JsonValue } | undefined;
  /** Marks a stage as finished, with what it leaves for later ones; finishing it again replaces seconds and value. */
  finishStage(name: string, seconds: number, value: JsonValue): void;
  /** Finished stages, in the order they were first finished. */
  stages(): Stage[];

  /** Stores the tasks of a split in order, in place of those it had. */
  putTasks(split: string, tasks: readonly Task[]): void;
  tasks(split: string): Task[];

  /** Stores what was sampled in a step in one transaction, in place of what that phase and step had. */
  putRollouts(phase: string, step: number, records: readonly RolloutRecord[]): void;
  /** Rollouts of a phase (of one step, if given), by step and then in the order they were put. */
  rollouts(phase: string, step?: number): StoredRollout[];

  /**
   * What a judge cost in all: replies paid for (each once, however often the run was killed), their tokens, and
   * `saved`: verdicts on stored rollouts that repeat another one's question.
   */
  judgeTotals(fingerprint: string): {
    calls: number;
    saved: number;
    inputTokens: number;
    outputTokens: number;
  };

  putStep(phase: string, summary: StepSummary): void;
  /** Steps of a phase, by number. */
  steps(phase: string): StepSummary[];

  /** Adds an event to the run's history. @param time ISO 8601. */
  putEvent(event: RunEvent, time: string): void;
  /** Events in the order they happened, after the one at a position: for whoever looks again and again. */
  events(after?: number): StoredEvent[];

  close(): void;
}

const REPLY = { text: 'string', finish: 'string', inputTokens: 'number', outputTokens: 'number' } as const;
const TASK = { id: 'string', messages: 'array', reference: 'any', metadata: 'object' } as const;
const STEP = {
  step: 'number',
  metrics: 'object',
  intervals: 'object',
  components: 'object',
  seconds: 'number',
} as const;
const EVENT = { type: 'string', stage: 'string' } as const;

/**
 * Opens the store of a run; the folder and the file are made where they are missing.
 *
 * @param options.readOnly for reports and web pages: nothing is made, and what writes fails.
 * @param options.exclusive no other process may open it so until this one closes it or ends.
 * @throws {InputError} the folder cannot be made, or its `run.db` cannot be opened as a run's database.
 * @throws {RunError} another process has it exclusively.
 */
export function openRun(folder: string, options: { readOnly?: boolean; exclusive?: boolean } = {}): RunStore {
  const readOnly = options.readOnly ?? false;
  if (!readOnly) makeFolder(folder);
  const release = options.exclusive ? lockRun(folder) : () => {};
  let db: Database;
  try {
    db = openDatabase(join(folder, 'run.db'), { readOnly });
  } catch (error) {
    release();
    throw error;
  }
  return {
    ...replyTable(db),
    ...stageTable(db),
    ...taskTables(db),
    ...stepTable(db),
    ...eventTable(db),
    judgeTotals: judgeTotals(db),
    close() {
      db.close();
      release();
    },
  };
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw InputError.at({ file: folder }, `cannot make the run's folder: ${cause}.`, { cause: error });
  }
}

function replyTable(db: Database): ReplyTable {
  const select = db.prepare('SELECT reply FROM replies WHERE key = ?');
  const insert = db.prepare('INSERT OR REPLACE INTO replies (key, reply) VALUES (?, ?)');
  const noted = db.prepare('SELECT count(*) AS count FROM replies WHERE key > ? AND key < ?');
  return {
    get: (key) => {
      const row = select.get(key);
      return row === undefined ? undefined : decode<ModelReply>(row['reply'], REPLY, `replies ${key}`);
    },
    put: (key, reply) => void insert.run(key, encode(reply, `replies ${key}`)),
    // Under a key that begins as the others of the judge do, so that it counts, and that is no question's.
    note(key, reply) {
      const n = Number(noted.get(`${key}!`, `${key}"`)!['count']) + 1;
      insert.run(`${key}!${n}`, encode(reply, `replies ${key}`));
    },
  };
}

function stageTable(db: Database): Pick<RunStore, 'stage' | 'finishStage' | 'stages'> {
  const select = db.prepare('SELECT name, seconds, value FROM stages ORDER BY position');
  const insert = db.prepare(
    `INSERT INTO stages (name, seconds, value) VALUES (?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET seconds = excluded.seconds, value = excluded.value`,
  );
  const stages = (): Stage[] =>
    select.all().map((row) => ({
      name: String(row['name']),
      seconds: Number(row['seconds']),
      value: decodeAny(row['value'], `stages ${row['name']}`) as JsonValue,
    }));
  return {
    stages,
    stage: (name) => {
      const found = stages().find((stage) => stage.name === name);
      return found && { seconds: found.seconds, value: found.value };
    },
    finishStage: (name, seconds, value) => void insert.run(name, seconds, encode(value, `stages ${name}`)),
  };
}

function taskTables(db: Database): Pick<RunStore, 'putTasks' | 'tasks' | 'putRollouts' | 'rollouts'> {
  const insertTask = db.prepare('INSERT OR IGNORE INTO tasks (hash, task) VALUES (?, ?)');
  const clearSplit = db.prepare('DELETE FROM splits WHERE split = ?');
  const insertSplit = db.prepare('INSERT INTO splits (split, position, task) VALUES (?, ?, ?)');
  const selectSplit = db.prepare(
    `SELECT tasks.task AS task FROM splits JOIN tasks ON tasks.hash = splits.task
     WHERE split = ? ORDER BY splits.position`,
  );

  const putTask = (task: Task): string => {
    const json = encode(task, `tasks ${task.id}`);
    const hash = createHash('sha256').update(json).digest('hex');
    insertTask.run(hash, json);
    return hash;
  };
  const readTask = (text: unknown): Task => decode<Task>(text, TASK, 'tasks');

  return {
    putTasks: (split, tasks) =>
      transaction(db, () => {
        clearSplit.run(split);
        tasks.forEach((task, position) => insertSplit.run(split, position, putTask(task)));
      }),
    tasks: (split) => selectSplit.all(split).map((row) => readTask(row['task'])),
    ...rolloutTable(db, putTask, readTask),
  };
}

function stepTable(db: Database): Pick<RunStore, 'putStep' | 'steps'> {
  const insert = db.prepare('INSERT OR REPLACE INTO steps (phase, step, summary) VALUES (?, ?, ?)');
  const select = db.prepare('SELECT step, summary FROM steps WHERE phase = ? ORDER BY step');
  return {
    putStep: (phase, summary) =>
      void insert.run(phase, summary.step, encode(summary, `steps ${phase} ${summary.step}`)),
    steps: (phase) =>
      select
        .all(phase)
        .map((row) => decode<StepSummary>(row['summary'], STEP, `steps ${phase} ${row['step']}`)),
  };
}

function eventTable(db: Database): Pick<RunStore, 'putEvent' | 'events'> {
  const insert = db.prepare('INSERT INTO events (time, event) VALUES (?, ?)');
  const select = db.prepare('SELECT position, time, event FROM events WHERE position > ? ORDER BY position');
  return {
    putEvent: (event, time) => void insert.run(time, encode(event, `events ${event.type}`)),
    events: (after = 0) =>
      select.all(after).map((row) => ({
        position: Number(row['position']),
        time: String(row['time']),
        event: decode<RunEvent>(row['event'], EVENT, `events ${row['position']}`),
      })),
  };
}

function judgeTotals(db: Database): RunStore['judgeTotals'] {
  // A judge's keys begin with its fingerprint.
  const paid = db.prepare(
    `SELECT count(*) AS calls, coalesce(sum(reply ->> '$.inputTokens'), 0) AS input,
       coalesce(sum(reply ->> '$.outputTokens'), 0) AS output
     FROM replies WHERE substr(key, 1, length(?)) = ?`,
  );
  const asked = db.prepare(
    `SELECT count(*) AS verdicts, count(DISTINCT verdict ->> '$.key') AS questions
     FROM verdicts WHERE verdict ->> '$.judge' = ? AND verdict ->> '$.key' <> ''`,
  );
  return (fingerprint) => {
    const { calls, input, output } = paid.get(fingerprint, fingerprint)!;
    const { verdicts, questions } = asked.get(fingerprint)!;
    return {
      calls: Number(calls),
      saved: Number(verdicts) - Number(questions),
      inputTokens: Number(input),
      outputTokens: Number(output),
    };
  };
}
