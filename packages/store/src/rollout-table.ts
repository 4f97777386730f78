import type { Reward, Rollout, Task, Verdict } from '@touchstone/spec';

import { checksum, damaged, decode, encode, verify } from './columns.js';
import { type Database, transaction } from './sqlite.js';

/** A sampled answer with all that was found out about it. */
export interface RolloutRecord {
  rollout: Rollout;
  /** By the judge that is trained against; null where it was not asked. */
  reward: Reward | null;
  /** By the held-out judge; null where it was not asked. */
  heldout: Reward | null;
  /** Score against ground truth, 0–1; null where the task has none. */
  truth: number | null;
  /** Tokens of the response. */
  tokens: number;
}

/** A record as it is read back: with the step it was put under. */
export type StoredRollout = RolloutRecord & { step: number };

interface RolloutTable {
  putRollouts(phase: string, step: number, records: readonly RolloutRecord[]): void;
  rollouts(phase: string, step?: number): StoredRollout[];
}

const ROLES = ['judge', 'heldout'] as const;
const ROLLOUT = {
  id: 'string',
  response: 'string',
  finish: 'string',
  group: 'string',
  policy: 'string',
} as const;
const REWARD = { status: 'string', components: 'array', usage: 'object' } as const;
const VERDICT = { status: 'string', judge: 'string', key: 'string', raw: 'string' } as const;

/** Rollouts, their rewards by each judge, and each verdict with its raw reply: three tables, one record. */
export function rolloutTable(
  db: Database,
  putTask: (task: Task) => string,
  readTask: (row: Record<string, unknown>) => Task,
): RolloutTable {
  const clear = db.prepare('DELETE FROM rollouts WHERE phase = ? AND step = ?');
  const insertRollout = db.prepare(
    `INSERT INTO rollouts (phase, step, position, task, rollout, truth, tokens, checksum)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertReward = db.prepare(
    'INSERT INTO rewards (phase, step, position, role, reward, checksum) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const insertVerdict = db.prepare(
    `INSERT INTO verdicts (phase, step, position, role, ordinal, verdict, checksum)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );

  // A range of steps serves one step and all of them alike.
  const within = 'phase = ? AND step BETWEEN ? AND ?';
  const selectTasks = db.prepare(
    `SELECT hash, task FROM tasks WHERE hash IN (SELECT task FROM rollouts WHERE ${within})`,
  );
  const selectRollouts = db.prepare(
    `SELECT step, position, task, rollout, truth, tokens, checksum FROM rollouts
     WHERE ${within} ORDER BY step, position`,
  );
  const readRewards = rewardReader(db, within);

  const putReward = (place: readonly [string, number, number], role: string, stored: Reward): void => {
    const what = `rewards ${place.join(' ')} ${role}`;
    const { verdicts, ...reward } = stored;
    const json = encode(reward, what);
    insertReward.run(...place, role, json, checksum(...place, role, json, verdicts.length));
    verdicts.forEach((verdict, ordinal) => {
      const row = [...place, role, ordinal, encode(verdict, what)] as const;
      insertVerdict.run(...row, checksum(...row));
    });
  };

  return {
    putRollouts: (phase, step, records) =>
      transaction(db, () => {
        clear.run(phase, step);
        records.forEach((record, position) => {
          const { task, ...rollout } = record.rollout;
          const place = [phase, step, position] as const;
          const what = `rollouts ${place.join(' ')}`;
          encode({ truth: record.truth, tokens: record.tokens }, what); // refuses NaN, which a column makes NULL
          const row = [...place, putTask(task), encode(rollout, what), record.truth, record.tokens] as const;
          insertRollout.run(...row, checksum(...row));
          if (record.reward) putReward(place, 'judge', record.reward);
          if (record.heldout) putReward(place, 'heldout', record.heldout);
        });
      }),

    rollouts: (phase, step) => {
      // One read transaction: a writer may replace the step between two of these queries.
      db.exec('BEGIN');
      try {
        const range = [phase, step ?? 0, step ?? Number.MAX_SAFE_INTEGER] as const;
        const tasks = new Map(
          selectTasks.all(...range).map((row): [unknown, Task] => [row['hash'], readTask(row)]),
        );
        const rewards = readRewards(range);
        return selectRollouts.all(...range).map((row): StoredRollout => {
          const { step: at, position, task: hash, rollout, truth, tokens } = row;
          const what = `rollouts ${phase} ${at} ${position}`;
          verify(row['checksum'], what, phase, at, position, hash, rollout, truth, tokens);
          const [judge, heldout] = ROLES.map((role) => rewards.get(rewardKey(at, position, role)));
          const task = tasks.get(hash);
          if (!task) throw damaged(what, 'its task is missing');
          return {
            step: Number(at),
            rollout: { ...decode<Omit<Rollout, 'task'>>(rollout, ROLLOUT, what), task },
            reward: judge ?? null,
            heldout: heldout ?? null,
            truth: truth === null ? null : Number(truth),
            tokens: Number(tokens),
          };
        });
      } finally {
        db.exec('COMMIT');
      }
    },
  };
}

function rewardKey(step: unknown, position: unknown, role: unknown): string {
  return `${step} ${position} ${role}`;
}

/** Reads the rewards of a range of steps with their verdicts, by `rewardKey`. */
function rewardReader(
  db: Database,
  within: string,
): (range: readonly [string, number, number]) => Map<string, Reward> {
  const selectRewards = db.prepare(
    `SELECT step, position, role, reward, checksum FROM rewards WHERE ${within}`,
  );
  const selectVerdicts = db.prepare(
    `SELECT step, position, role, ordinal, verdict, checksum FROM verdicts
     WHERE ${within} ORDER BY step, position, role, ordinal`,
  );

  return (range) => {
    const [phase] = range;
    const verdicts = new Map<string, Verdict[]>();
    for (const { step, position, role, ordinal, verdict, checksum: sum } of selectVerdicts.all(...range)) {
      const key = rewardKey(step, position, role);
      verify(sum, `verdicts ${key}`, phase, step, position, role, ordinal, verdict);
      const list = verdicts.get(key) ?? [];
      list.push(decode<Verdict>(verdict, VERDICT, `verdicts ${key}`));
      verdicts.set(key, list);
    }
    const rewards = new Map<string, Reward>();
    for (const { step, position, role, reward, checksum: sum } of selectRewards.all(...range)) {
      const key = rewardKey(step, position, role);
      const of = verdicts.get(key) ?? [];
      verify(sum, `rewards ${key}`, phase, step, position, role, reward, of.length);
      rewards.set(key, { ...decode<Reward>(reward, REWARD, `rewards ${key}`), verdicts: of });
    }
    return rewards;
  };
}
