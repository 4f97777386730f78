import { defineBackend } from '../backend.js';
import { launch } from './launch.js';
import { writePlan } from './plan.js';
import { preflight } from './preflight.js';

/** TRL's GRPOTrainer in a process of its own on this machine. */
export const trl = defineBackend({ name: 'trl', plan: writePlan, preflight, launch });
