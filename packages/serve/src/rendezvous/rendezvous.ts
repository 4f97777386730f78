import type { RewardFunction } from '@touchstone/core';
import type { Rollout } from '@touchstone/spec';
import type { Gathered, Outcome } from '../scoring/outcome.js';
import { LATE, scoreWithin } from '../scoring/score-within.js';
import { answerKey } from './group-key.js';
import { createRecent, type Recent } from './recent.js';

export interface RendezvousOptions {
  reward: RewardFunction;
  /** Answers that may wait at once, over all groups. Beyond it the oldest group goes on with who is there. */
  capacity?: number;
}

export interface Joining {
  /** Answers with the same key are one group; see `groupKey`. */
  key: string;
  /** Answers of the whole group, ≥ 1. */
  size: number;
  /** Milliseconds this answer waits for the others at most. */
  waitMs: number;
  /** Aborts when the client has hung up or its deadline is over. */
  signal: AbortSignal;
}

interface Member {
  rollout: Rollout;
  signal: AbortSignal;
  resolve: (outcome: Outcome) => void;
}

interface Meeting {
  key: string;
  expected: number;
  late: boolean;
  members: Set<Member>;
  endsAt: number;
  timer?: NodeJS.Timeout;
}

const CAPACITY = 10_000;
/** A trainer that asks again, and the last answers of a group, come within this; later ones are of another step. */
const MOMENT_MS = 30_000;

/**
 * Gathers single-sample requests of one group, because most trainers send one answer at a time and a judge that compares
 * answers needs them together.
 */
export class Rendezvous {
  readonly #reward: RewardFunction;
  readonly #capacity: number;
  readonly #open = new Map<string, Meeting>();
  /** How many were missing from groups that were judged short. */
  readonly #shortfalls: Recent<number>;
  /** Outcomes of answers whose client hung up while others still waited: a client that asks again gets them. */
  readonly #unclaimed: Recent<Promise<Outcome>>;
  readonly #judged = { whole: 0, short: 0, late: 0 };
  #waiting = 0;

  constructor({ reward, capacity = CAPACITY }: RendezvousOptions) {
    this.#reward = reward;
    this.#capacity = capacity;
    this.#shortfalls = createRecent(MOMENT_MS, capacity);
    this.#unclaimed = createRecent(MOMENT_MS, capacity);
  }

  /** Answers that wait for others. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Groups that were judged so far: whole, short of some, or made of late ones. */
  get judged(): Readonly<Record<'whole' | 'short' | 'late', number>> {
    return this.#judged;
  }

  /**
   * The outcome of one answer of a group whose answers come one by one. It waits until the group is whole or the time of
   * one of them is up; then all that are there are judged together. Those that come after that make a group of their own,
   * as large as what was missing, and are told so (`gathered.late`).
   */
  score(rollout: Rollout, joining: Joining): Promise<Outcome> {
    if (joining.signal.aborted) return Promise.resolve(LATE);
    const known = this.#unclaimed.take(answerKey(joining.key, rollout));
    return known === undefined ? this.#join(rollout, joining) : unlessAborted(known, joining.signal);
  }

  /** Judges every group now with who is there. */
  flush(): void {
    for (const meeting of this.#open.values()) this.#close(meeting);
  }

  #join(rollout: Rollout, { key, size, waitMs, signal }: Joining): Promise<Outcome> {
    const meeting = this.#open.get(key) ?? this.#call(key, size);
    return new Promise((resolve) => {
      const member = { rollout, signal, resolve };
      meeting.members.add(member);
      this.#waiting++;
      signal.addEventListener('abort', () => this.#leave(meeting, member), { once: true });
      if (meeting.members.size >= meeting.expected) return this.#close(meeting);
      const endsAt = performance.now() + waitMs;
      if (endsAt < meeting.endsAt) {
        meeting.endsAt = endsAt;
        clearTimeout(meeting.timer);
        meeting.timer = setTimeout(() => this.#close(meeting), waitMs);
      }
      if (this.#waiting > this.#capacity) {
        const [oldest] = this.#open.values();
        this.#close(oldest!);
      }
    });
  }

  #call(key: string, size: number): Meeting {
    const missing = this.#shortfalls.take(key);
    const late = missing !== undefined;
    const meeting = { key, expected: missing ?? size, late, members: new Set<Member>(), endsAt: Infinity };
    this.#open.set(key, meeting);
    return meeting;
  }

  /** Before its meeting is closed; afterwards the member is in the hands of `#judge`. */
  #leave(meeting: Meeting, member: Member): void {
    if (!meeting.members.delete(member)) return;
    this.#waiting--;
    member.resolve(LATE);
    if (meeting.members.size > 0) return;
    clearTimeout(meeting.timer);
    this.#open.delete(meeting.key);
  }

  #close(meeting: Meeting): void {
    const { key, late, expected } = meeting;
    const members = [...meeting.members];
    clearTimeout(meeting.timer);
    this.#open.delete(key);
    meeting.members.clear();
    this.#waiting -= members.length;
    const missing = expected - members.length;
    // Late ones are not waited for a second time, or one lost answer would shift every later group.
    if (missing > 0 && !late) this.#shortfalls.put(key, missing);
    this.#judged[late ? 'late' : missing > 0 ? 'short' : 'whole']++;
    this.#judge(members, { key, late, expected });
  }

  #judge(
    members: readonly Member[],
    { key, late, expected }: Pick<Meeting, 'key' | 'late' | 'expected'>,
  ): void {
    const stop = new AbortController();
    const outcomes = scoreWithin(
      members.map(({ rollout }) => ({ ...rollout, group: key })),
      this.#reward,
      Infinity,
      { signal: stop.signal },
    ).then((all) => {
      const gathered: Gathered = { size: members.length, expected, late, mean: meanOf(all) };
      return all.map((outcome) => ({ ...outcome, gathered }));
    });
    const gone = new Set<Member>();
    members.forEach((member, i) => {
      const mine = outcomes.then((all) => all[i]!);
      const hangUp = (): void => {
        gone.add(member);
        member.resolve(LATE);
        this.#unclaimed.put(answerKey(key, member.rollout), mine);
        if (gone.size < members.length) return;
        for (const { rollout } of members) void this.#unclaimed.take(answerKey(key, rollout));
        stop.abort();
      };
      member.signal.addEventListener('abort', hangUp, { once: true });
      void mine.then((outcome) => {
        member.signal.removeEventListener('abort', hangUp);
        member.resolve(outcome);
      });
    });
  }
}

function meanOf(outcomes: readonly Outcome[]): number | null {
  const scores = outcomes.flatMap((one) => (one.status === 'scored' ? [one.score] : []));
  return scores.length === 0 ? null : scores.reduce((a, b) => a + b, 0) / scores.length;
}

function unlessAborted(outcome: Promise<Outcome>, signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve) => {
    const giveUp = (): void => resolve(LATE);
    signal.addEventListener('abort', giveUp, { once: true });
    void outcome.then((known) => {
      signal.removeEventListener('abort', giveUp);
      resolve(known);
    });
  });
}
