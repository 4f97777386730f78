import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { InputError, type JsonValue, type RunEvent, type StepSummary, type Task } from '@touchstone/spec';

import { checksum, damaged, decode, decodeAny, encode, verify } from './columns.js';
import { openDatabase } from './database.js';
import { lockRun } from './run-lock.js';
import { replyTable, type ReplyTable } from './reply-table.js';
import { rolloutTable, type RolloutRecord, type StoredRollout } from './rollout-table.js';
import { runTable, type RunTable } from './run-table.js';
import { sha256 } from './sha256.js';
import { type Database, durably, explained, mergeLog, transaction } from './sqlite.js';

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

/**
 * What a run leaves behind, in `run.db` of its folder. Every method that writes has committed when it returns, so
 * whatever was put is there after the process is killed; stages, steps and checkpoints also after the power was cut.
 * Other processes may read at the same time.
 * Methods throw a RunError when what they read is not what was written, and when SQLite cannot write.
 */
export interface RunStore extends RunTable, ReplyTable {
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

  putStep(phase: string, summary: StepSummary): void;
  /** Takes away the steps of a phase but those with these numbers. */
  keepSteps(phase: string, numbers: ReadonlySet<number>): void;
  /** Steps of a phase, by number. */
  steps(phase: string): StepSummary[];

  /** Adds an event to the run's history. @param time ISO 8601. */
  putEvent(event: RunEvent, time: string): void;
  /** Events in the order they happened, after the one at a position: for whoever looks again and again. */
  events(after?: number): StoredEvent[];

  close(): void;
}

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
 * @throws {RunError} another process has it exclusively, or something in it is damaged.
 */
export function openRun(folder: string, options: { readOnly?: boolean; exclusive?: boolean } = {}): RunStore {
  const readOnly = options.readOnly ?? false;
  if (!readOnly) makeFolder(folder);
  const release = options.exclusive ? lockRun(folder) : () => {};
  const file = join(folder, 'run.db');
  let db: Database;
  try {
    db = openDatabase(file, { readOnly });
  } catch (error) {
    release();
    throw error;
  }
  const store: RunStore = {
    ...runTable(db),
    ...replyTable(db),
    ...stageTable(db),
    ...taskTables(db),
    ...stepTable(db),
    ...eventTable(db),
    close() {
      if (!readOnly) mergeLog(db);
      db.close();
      release();
    },
  };
  return explaining(store, file);
}

/** The same methods; what SQLite throws in them says which file it is and what to do. */
function explaining(store: RunStore, file: string): RunStore {
  const methods = Object.entries(store) as [string, (...args: unknown[]) => unknown][];
  return Object.fromEntries(
    methods.map(([name, method]) => [
      name,
      (...args: unknown[]): unknown => {
        try {
          return method(...args);
        } catch (error) {
          throw explained(error, file);
        }
      },
    ]),
  ) as unknown as RunStore;
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw InputError.at({ file: folder }, `cannot make the run's folder: ${cause}.`, { cause: error });
  }
}

function stageTable(db: Database): Pick<RunStore, 'stage' | 'finishStage' | 'stages'> {
  const select = db.prepare('SELECT name, seconds, value, checksum FROM stages ORDER BY position');
  const insert = db.prepare(
    `INSERT INTO stages (name, seconds, value, checksum) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE
     SET seconds = excluded.seconds, value = excluded.value, checksum = excluded.checksum`,
  );
  const stages = (): Stage[] =>
    select.all().map(({ name, seconds, value, checksum: sum }) => {
      verify(sum, `stages ${name}`, name, seconds, value);
      return {
        name: String(name),
        seconds: Number(seconds),
        value: decodeAny(value, `stages ${name}`) as JsonValue,
      };
    });
  return {
    stages,
    stage: (name) => {
      const found = stages().find((stage) => stage.name === name);
      return found && { seconds: found.seconds, value: found.value };
    },
    finishStage: (name, seconds, value) => {
      const row = [name, seconds, encode(value, `stages ${name}`)] as const;
      durably(db, () => insert.run(...row, checksum(...row)));
    },
  };
}

function taskTables(db: Database): Pick<RunStore, 'putTasks' | 'tasks' | 'putRollouts' | 'rollouts'> {
  const insertTask = db.prepare('INSERT OR IGNORE INTO tasks (hash, task) VALUES (?, ?)');
  const clearSplit = db.prepare('DELETE FROM splits WHERE split = ?');
  const insertSplit = db.prepare('INSERT INTO splits (split, position, task) VALUES (?, ?, ?)');
  const selectSplit = db.prepare(
    `SELECT hash, tasks.task AS task FROM splits JOIN tasks ON tasks.hash = splits.task
     WHERE split = ? ORDER BY splits.position`,
  );

  const putTask = (task: Task): string => {
    const json = encode(task, `tasks ${task.id}`);
    const hash = sha256(json);
    insertTask.run(hash, json);
    return hash;
  };
  const readTask = ({ hash, task }: Record<string, unknown>): Task => {
    if (sha256(String(task)) !== hash) throw damaged(`tasks ${hash}`, 'its content has another hash');
    return decode<Task>(task, TASK, `tasks ${hash}`);
  };

  return {
    putTasks: (split, tasks) =>
      transaction(db, () => {
        clearSplit.run(split);
        tasks.forEach((task, position) => insertSplit.run(split, position, putTask(task)));
      }),
    tasks: (split) => selectSplit.all(split).map(readTask),
    ...rolloutTable(db, putTask, readTask),
  };
}

function stepTable(db: Database): Pick<RunStore, 'putStep' | 'keepSteps' | 'steps'> {
  const insert = db.prepare(
    'INSERT OR REPLACE INTO steps (phase, step, summary, checksum) VALUES (?, ?, ?, ?)',
  );
  const select = db.prepare('SELECT step, summary, checksum FROM steps WHERE phase = ? ORDER BY step');
  const remove = db.prepare('DELETE FROM steps WHERE phase = ? AND step = ?');
  return {
    putStep: (phase, summary) => {
      const row = [phase, summary.step, encode(summary, `steps ${phase} ${summary.step}`)] as const;
      durably(db, () => insert.run(...row, checksum(...row)));
    },
    keepSteps: (phase, numbers) => {
      const others = select.all(phase).filter(({ step }) => !numbers.has(Number(step)));
      transaction(db, () => others.forEach(({ step }) => remove.run(phase, step!)));
    },
    steps: (phase) =>
      select.all(phase).map(({ step, summary, checksum: sum }) => {
        verify(sum, `steps ${phase} ${step}`, phase, step, summary);
        return decode<StepSummary>(summary, STEP, `steps ${phase} ${step}`);
      }),
  };
}

function eventTable(db: Database): Pick<RunStore, 'putEvent' | 'events'> {
  const insert = db.prepare('INSERT INTO events (time, event, checksum) VALUES (?, ?, ?)');
  const select = db.prepare(
    'SELECT position, time, event, checksum FROM events WHERE position > ? ORDER BY position',
  );
  return {
    putEvent: (event, time) => {
      const json = encode(event, `events ${event.type}`);
      insert.run(time, json, checksum(time, json));
    },
    events: (after = 0) =>
      select.all(after).map(({ position, time, event, checksum: sum }) => {
        verify(sum, `events ${position}`, time, event);
        return {
          position: Number(position),
          time: String(time),
          event: decode<RunEvent>(event, EVENT, `events ${position}`),
        };
      }),
  };
}
