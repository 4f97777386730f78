import type { CriterionVerdict } from '@touchstone/spec';
import type { Criterion } from '../criterion.js';
import { isRecord, own } from '../../text/json-value.js';
import { findReply, readVerdicts, show, type Fields } from '../parse.js';

/** What a reply says of each candidate, by the id that it was shown under. */
export type GroupReply<T> = Map<string, T> | { problem: string };

export interface Ranked {
  evidence: string;
  reason: string;
  /** 1 is the best; equals share a rank. */
  rank: number;
}

/** Every candidate on every criterion; one that is missing, there twice or unknown makes the reply unparseable. */
export function parseScores(
  text: string,
  { marker, ids, criteria }: { marker: string; ids: readonly string[]; criteria: readonly Criterion[] },
): GroupReply<{ criteria: CriterionVerdict[]; mismatch: boolean }> {
  return readCandidates(text, { marker, ids, list: 'answers' }, (entry) => readVerdicts(entry, criteria));
}

/** The rank of every candidate: whole numbers from 1 to their number. */
export function parseRanking(
  text: string,
  { marker, ids }: { marker: string; ids: readonly string[] },
): GroupReply<Ranked> {
  return readCandidates(text, { marker, ids, list: 'ranking' }, (entry): Ranked | { problem: string } => {
    const rank = own(entry, 'rank');
    if (typeof rank !== 'number' || !Number.isInteger(rank) || rank < 1 || rank > ids.length)
      return { problem: `rank: expected a whole number from 1 to ${ids.length}, got ${show(rank)}` };
    const [evidence = '', reason = ''] = [own(entry, 'evidence'), own(entry, 'reason')];
    if (typeof evidence !== 'string' || typeof reason !== 'string')
      return { problem: 'evidence and reason must be strings' };
    return { evidence, reason, rank };
  });
}

/** Candidates are matched by id and never by place: a judge reorders them, and leaves some out. */
function readCandidates<T extends object>(
  text: string,
  { marker, ids, list }: { marker: string; ids: readonly string[]; list: string },
  read: (entry: Fields) => T | { problem: string },
): GroupReply<T> {
  const reply = findReply(text, marker);
  if ('problem' in reply) return reply;
  const entries = own(reply.value, list);
  if (!Array.isArray(entries)) return { problem: `"${list}" is not a list` };
  const found = new Map<string, T>();
  for (const entry of entries as unknown[]) {
    if (!isRecord(entry)) return { problem: `an entry of "${list}" is not an object` };
    const id = ids.find((one) => one === own(entry, 'candidate'));
    if (id === undefined) return { problem: `unknown candidate ${show(own(entry, 'candidate'))}` };
    if (found.has(id)) return { problem: `candidate "${id}" is there twice` };
    const value = read(entry);
    if ('problem' in value) return { problem: `candidate "${id}": ${String(value.problem)}` };
    found.set(id, value);
  }
  const missing = ids.find((id) => !found.has(id));
  return missing === undefined ? found : { problem: `candidate "${missing}" is missing` };
}
