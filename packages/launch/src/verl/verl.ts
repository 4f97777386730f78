import { defineBackend } from '../backend.js';
import { launch } from './launch.js';
import { writePlan } from './plan.js';
import { preflight } from './preflight.js';

/** verl's GRPO on a Ray cluster. */
export const verl = defineBackend({ name: 'verl', plan: writePlan, preflight, launch });
