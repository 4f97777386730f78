import { damaged } from './columns.js';
import { type Database, durably } from './sqlite.js';

/** Which run a store is of, and the weights that belong to it. */
export interface RunTable {
  /** `id` is drawn when the store is made; `fingerprint` is that of the run that has claimed it, or null. */
  identity(): { id: string; fingerprint: string | null };
  /** Says which run this is the store of. */
  claim(fingerprint: string): void;
  /** Whether a run has left something here that is its own: a finished stage, an answer, a step, weights. Replies are not, which others may use. */
  holdsWork(): boolean;

  /**
   * What the run's first process computed with, which is kept: one that goes on with it computes the same together, and comes to
   * the same weights bit by bit.
   *
   * @param now what this process would compute with: memory in bytes, and cores.
   */
  computedWith(now: { memory: number; threads: number }): { memory: number; threads: number };

  /** Checkpoints that a stage has written whole, by step; `digest` says what is in them. */
  checkpoints(stage: string): { step: number; digest: string }[];
  putCheckpoint(stage: string, step: number, digest: string): void;
  forgetCheckpoint(stage: string, step: number): void;

  /**
   * Notes that a judge, by its fingerprint and seed, was examined on labelled answers, by their hash.
   *
   * @returns the number of such judges that have been, with this one.
   */
  look(data: string, judge: string): number;
}

export function runTable(db: Database): RunTable {
  const select = db.prepare('SELECT id, fingerprint FROM run');
  const claim = db.prepare('UPDATE run SET fingerprint = ?');
  const work = ['stages', 'rollouts', 'steps', 'checkpoints'].map(
    (table) => `EXISTS (SELECT 1 FROM ${table})`,
  );
  const holdsWork = db.prepare(`SELECT ${work.join(' OR ')} AS found`);
  const keepComputing = db.prepare('UPDATE run SET memory = ?, threads = ? WHERE memory IS NULL');
  const selectComputing = db.prepare('SELECT memory, threads FROM run');
  const list = db.prepare('SELECT step, digest FROM checkpoints WHERE stage = ? ORDER BY step');
  const put = db.prepare('INSERT OR REPLACE INTO checkpoints (stage, step, digest) VALUES (?, ?, ?)');
  const forget = db.prepare('DELETE FROM checkpoints WHERE stage = ? AND step = ?');
  const look = db.prepare('INSERT OR IGNORE INTO looks (data, judge) VALUES (?, ?)');
  const countLooks = db.prepare('SELECT count(*) AS count FROM looks WHERE data = ?');
  return {
    identity: () => {
      const row = select.get();
      if (!row) throw damaged('run', 'it has no row');
      return {
        id: String(row['id']),
        fingerprint: row['fingerprint'] === null ? null : String(row['fingerprint']),
      };
    },
    claim: (fingerprint) => void durably(db, () => claim.run(fingerprint)),
    holdsWork: () => holdsWork.get()!['found'] === 1,
    computedWith: ({ memory, threads }) => {
      durably(db, () => keepComputing.run(memory, threads));
      const row = selectComputing.get()!;
      return { memory: Number(row['memory']), threads: Number(row['threads']) };
    },
    checkpoints: (stage) =>
      list.all(stage).map((row) => ({ step: Number(row['step']), digest: String(row['digest']) })),
    putCheckpoint: (stage, step, digest) => void durably(db, () => put.run(stage, step, digest)),
    forgetCheckpoint: (stage, step) => void forget.run(stage, step),
    look: (data, judge) => {
      durably(db, () => look.run(data, judge));
      return Number(countLooks.get(data)!['count']);
    },
  };
}
