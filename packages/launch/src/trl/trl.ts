import { defineBackend } from '../backend.js';
import type { Scripted } from '../scripted/scripted.js';
import { launch } from '../scripted/launch.js';
import { learnedOf } from './metrics.js';
import { writePlan } from './plan.js';
import { preflight } from '../scripted/preflight.js';

const VERSION = '1.16.0';

const TRL: Scripted = {
  name: 'trl',
  title: 'TRL',
  package: 'trl',
  version: VERSION,
  install: `-m pip install trl==${VERSION} torch transformers datasets accelerate peft`,
  setting: 'training.trl.python',
  python: ({ training }) => training.trl.python,
  env: {},
  withoutGpu: 'no GPU that PyTorch can use: it will train on the CPU',
  learnedOf,
  // It leaves answers without a verdict out, as we do.
  loggedReward: ({ metrics }) => metrics['reward'] ?? null,
};

/** TRL's GRPOTrainer in a process of its own, on this machine or as a job of a Ray cluster. */
export const trl = defineBackend({
  name: TRL.name,
  plan: writePlan,
  preflight: (job) => preflight(job, TRL),
  launch: (job) => launch(job, TRL),
});
