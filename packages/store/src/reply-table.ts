import type { ModelReply, ReplyCache } from '@touchstone/spec';
import { checksum, decode, encode, verify } from './columns.js';
import type { Database } from './sqlite.js';

/** Judge replies, found and kept at once. */
export interface ReplyTable extends ReplyCache {
  get(key: string): ModelReply | undefined;
  put(key: string, reply: ModelReply): void;
  note(key: string, reply: ModelReply): void;

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
}

const REPLY = { text: 'string', finish: 'string', inputTokens: 'number', outputTokens: 'number' } as const;

export function replyTable(db: Database): ReplyTable {
  const select = db.prepare('SELECT key, reply, checksum FROM replies WHERE key = ?');
  const insert = db.prepare('INSERT OR REPLACE INTO replies (key, reply, checksum) VALUES (?, ?, ?)');
  const noted = db.prepare('SELECT count(*) AS count FROM replies WHERE key > ? AND key < ?');
  const put = (key: string, reply: ModelReply): void => {
    const json = encode(reply, `replies ${key}`);
    insert.run(key, json, checksum(key, json));
  };
  return {
    judgeTotals: judgeTotals(db),
    get: (key) => {
      const row = select.get(key);
      return row === undefined ? undefined : readReply(row);
    },
    put,
    // Under a key that begins as the others of the judge do, so that it counts, and that is no question's.
    note: (key, reply) => put(`${key}!${Number(noted.get(`${key}!`, `${key}"`)!['count']) + 1}`, reply),
  };
}

function readReply({ key, reply, checksum: sum }: Record<string, unknown>): ModelReply {
  verify(sum, `replies ${key}`, key, reply);
  return decode<ModelReply>(reply, REPLY, `replies ${key}`);
}

function judgeTotals(db: Database): ReplyTable['judgeTotals'] {
  // A judge's keys begin with its fingerprint.
  const paid = db.prepare('SELECT key, reply, checksum FROM replies WHERE substr(key, 1, length(?)) = ?');
  const asked = db.prepare(
    `SELECT count(*) AS verdicts, count(DISTINCT verdict ->> '$.key') AS questions
     FROM verdicts WHERE verdict ->> '$.judge' = ? AND verdict ->> '$.key' <> ''`,
  );
  return (fingerprint) => {
    const totals = { calls: 0, inputTokens: 0, outputTokens: 0 };
    for (const row of paid.iterate(fingerprint, fingerprint)) {
      const { inputTokens, outputTokens } = readReply(row as Record<string, unknown>);
      totals.calls += 1;
      totals.inputTokens += inputTokens;
      totals.outputTokens += outputTokens;
    }
    const { verdicts, questions } = asked.get(fingerprint)!;
    return { ...totals, saved: Number(verdicts) - Number(questions) };
  };
}
