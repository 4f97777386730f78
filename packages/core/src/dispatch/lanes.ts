import { random } from '@touchstone/spec';
import type { Clock } from './clock.js';
import { Lane, type LaneOptions } from './lane.js';
import type { Limits } from './limits/declared.js';
import { SharedRates } from './limits/shared-rates.js';
import type { RedisLink } from './redis/link.js';

/** Where a lane leads, and who keeps its limits. */
export interface LanePlace {
  /** Key of the account; undefined for a lane of one's own. */
  account: string | undefined;
  /** Where processes keep the limits together. */
  redis: RedisLink | undefined;
  /** Seeds the jitter of the waits, and what it is for. */
  seed: number;
  purpose: string;
  clock: Clock;
}

/** Every lane of this process that judges may share, by its account. Few and small; what they learn is never out of date. */
const lanes = new Map<string, Lane>();

/** The lane to a provider's account and model: the one that others of this process use, or a new one. */
export function openLane(limits: Limits, options: LaneOptions, place: LanePlace): Lane {
  const { account, redis, seed, purpose, clock } = place;
  if (account === undefined) return new Lane(limits, options, clock, random(seed, 'lane', purpose));
  const known = lanes.get(account);
  known?.join(options);
  const lane = known ?? new Lane(limits, options, clock, random(seed, 'lane', purpose));
  lanes.set(account, lane);
  if (redis) lane.share((rates, user) => new SharedRates(account, rates, redis, user));
  return lane;
}
