import { mapInSlices, type Meant, type RewardFunction } from '@touchstone/core';
import { InputError, type AbstentionPolicy, type Rollout } from '@touchstone/spec';
import type { Adapter, Call, Judged } from '../adapters/index.js';
import { groupKey } from '../rendezvous/group-key.js';
import type { Rendezvous } from '../rendezvous/rendezvous.js';
import { startDeadline } from '../scoring/deadline.js';
import { readSamples } from '../scoring/sample.js';
import { scoreWithin, type Outcome } from '../scoring/score-within.js';
import { numbersFor } from '../scoring/stand-in.js';
import { RETRY_AFTER } from './load.js';
import { Refusal } from './refusal.js';

/** What the address of a request may say, for trainers of which only the address can be chosen. */
export interface CallOptions {
  run?: string | undefined;
  deadlineMs?: number | undefined;
  groupSize?: number | undefined;
}

export interface Answering {
  reward: RewardFunction;
  rendezvous: Rendezvous;
  /** Milliseconds an answer waits for the others of its group at most. */
  groupWaitMs: number;
  policy: AbstentionPolicy;
  meant: Meant;
}

/** Judging takes time too: waiting for the group must leave half of what there is. */
const SHARE_OF_WAITING = 0.5;
/** Judged at once, they keep the process busy for some seconds; trainers send one, or a group, or a batch of some hundred. */
const MAX_SAMPLES = 4096;

/**
 * Answers a request on a trainer's wire.
 *
 * @param defaults what holds where the body says nothing else.
 * @param signal aborts when the client has hung up.
 * @returns the reply, and what was judged.
 * @throws {InputError} when no samples can be found in the body.
 * @throws {Refusal} 413 when there are too many; 503 or 422 when a sample has no score and the wire or the policy has no other word for it.
 */
export async function answerCall(
  adapter: Adapter,
  body: unknown,
  { reward, rendezvous, groupWaitMs, policy, meant }: Answering,
  defaults: CallOptions,
  signal: AbortSignal,
): Promise<{ reply: () => unknown; judged: Judged[] }> {
  const call = adapter.read(body, meant);
  const run = call.run ?? defaults.run;
  const groupSize = call.groupSize ?? defaults.groupSize ?? 1;
  const deadlineMs = call.deadlineMs ?? defaults.deadlineMs ?? adapter.deadlineMs;
  assertFewSamples(call.rows.length);
  const samples = await readSamples(call.rows, (row, i) => {
    const rollout = call.readRow(row, i);
    return { ...rollout, group: groupKey(run, call.groupOf?.(row), rollout) };
  });
  const rollouts = samples.flatMap(({ rollout, problem }) =>
    rollout === null || problem !== undefined ? [] : [rollout],
  );

  let outcomes: Outcome[];
  if (groupSize > 1) {
    const deadline = startDeadline(deadlineMs, signal);
    const waitMs = Math.min(groupWaitMs, deadlineMs * SHARE_OF_WAITING);
    const joining = { size: groupSize, waitMs, signal: deadline.signal };
    const join = (one: Rollout) => rendezvous.score(one, { key: one.group, ...joining });
    outcomes = await mapInSlices(rollouts, join).finally(() => deadline.end());
  } else {
    outcomes = await scoreWithin(rollouts, reward, deadlineMs, { signal });
  }

  const scored = outcomes.values();
  const all = samples.map(({ problem }): Outcome => {
    return problem === undefined ? scored.next().value! : { status: 'failed', detail: problem };
  });
  // What cannot be read is in no group.
  const groups = samples.map(({ rollout }, i) => rollout?.group ?? `unreadable ${i}`);
  const numbers = numbersFor(all, groups, policy);
  const judged = samples.map(({ id, rollout }, i) => ({
    id,
    rollout,
    outcome: all[i]!,
    number: numbers[i]!,
  }));
  return { reply: () => write(adapter, call, judged, policy), judged };
}

/** @throws {Refusal} 413 */
export function assertFewSamples(n: number): void {
  if (n <= MAX_SAMPLES) return;
  throw new Refusal(
    413,
    `expected at most ${MAX_SAMPLES} samples in a request, got ${n}; send them in several`,
  );
}

function write(adapter: Adapter, call: Call, judged: Judged[], policy: AbstentionPolicy): unknown {
  const lacking = judged.find(({ outcome }) => outcome.status !== 'scored')?.outcome;
  if (lacking === undefined || lacking.status === 'scored' || canSay(adapter, policy)) {
    return call.write(judged);
  }
  if (lacking.status === 'failed') throw new Refusal(422, lacking.detail);
  throw new Refusal(503, `could not judge (${lacking.reason}): ${lacking.detail}`, {
    'retry-after': RETRY_AFTER,
  });
}

/** Whether the wire has a word for a sample without a score, or may say a number in its place. */
function canSay({ abstention }: Adapter, policy: AbstentionPolicy): boolean {
  switch (abstention) {
    case 'carried':
      return true;
    case 'number':
      return policy !== 'fail';
    case 'refused':
      return policy === 'neutral' || policy === 'group-mean';
  }
}

/** @throws {InputError} when the address says something that cannot be. */
export function readCallOptions(query: URLSearchParams): CallOptions {
  const problems: { message: string }[] = [];
  const whole = (name: string): number | undefined => {
    const text = query.get(name);
    if (text === null) return undefined;
    const value = Number(text);
    if (Number.isSafeInteger(value) && value > 0) return value;
    problems.push({ message: `${name}: expected a whole number above 0 in the address` });
    return undefined;
  };
  const options = {
    run: query.get('run') ?? undefined,
    deadlineMs: whole('deadline_ms'),
    groupSize: whole('group_size'),
  };
  if (problems.length > 0) throw new InputError(problems);
  return options;
}
