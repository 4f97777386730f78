import type { Adapter } from './adapter.js';
import { cloudRun } from './cloud-run.js';
import { evalProtocolEvaluate, evalProtocolReward } from './eval-protocol.js';
import { native } from './native.js';
import { nemoGym } from './nemo-gym.js';
import { openrlhf } from './openrlhf.js';
import { slime, slimeObject } from './slime.js';

export type { Adapter, Call, Judged } from './adapter.js';

/** Every wire that is read into rollouts and written from outcomes, in the order of the documentation. */
export const ADAPTERS: readonly Adapter[] = [
  native,
  openrlhf,
  slime,
  slimeObject,
  nemoGym,
  evalProtocolReward,
  evalProtocolEvaluate,
  cloudRun,
];
