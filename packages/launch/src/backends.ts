import type { Backend } from '@touchstone/run';
import { hosted } from './aws/training/backend.js';
import { bedrock } from './aws/training/bedrock.js';
import { sagemakerNova } from './aws/training/nova.js';
import { bedrockOpenWeight } from './aws/training/open-weight.js';
import { sagemakerServerless } from './aws/training/serverless.js';
import { openrlhf } from './openrlhf/openrlhf.js';
import { trl } from './trl/trl.js';
import { verl } from './verl/verl.js';

/** Every trainer that `training.backend` may name beside the engine of this package. */
export const BACKENDS: readonly Backend[] = [
  trl,
  verl,
  openrlhf,
  ...[sagemakerNova, sagemakerServerless, bedrock, bedrockOpenWeight].map((service) => hosted(service)),
];
