import type { Backend } from '@touchstone/run';
import { openrlhf } from './openrlhf/openrlhf.js';
import { trl } from './trl/trl.js';
import { verl } from './verl/verl.js';

/** Every trainer that `training.backend` may name beside the engine of this package. */
export const BACKENDS: readonly Backend[] = [trl, verl, openrlhf];
