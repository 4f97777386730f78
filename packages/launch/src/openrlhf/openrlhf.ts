import type { Config } from '@touchstone/run';
import { defineBackend } from '../backend.js';
import type { Scripted } from '../scripted/scripted.js';
import type { StepLine } from '../scripted/journal.js';
import { launch } from '../scripted/launch.js';
import { preflight } from '../scripted/preflight.js';
import { learnedOf } from './metrics.js';
import { writePlan } from './plan.js';

const VERSION = '0.11.2';

const OPENRLHF: Scripted = {
  name: 'openrlhf',
  title: 'OpenRLHF',
  package: 'openrlhf',
  version: VERSION,
  install: `-m pip install openrlhf[vllm]==${VERSION}`,
  setting: 'training.openrlhf.python',
  python: ({ training }) => training.openrlhf.python,
  // The Ray that it starts itself would tell its makers of it.
  env: { RAY_USAGE_STATS_ENABLED: '0' },
  withoutGpu: null,
  learnedOf,
  loggedReward: loggedRewardOf,
};

/** OpenRLHF has no word for an answer that is left out: what stands in for it is in its mean, and not in ours. */
function loggedRewardOf({ metrics, groups }: StepLine, { reward }: Config): number | null {
  const isLeftOut = (answers: StepLine['groups'][number]): boolean => {
    const unjudged = answers.filter(({ score }) => score === null);
    switch (reward.abstention.policy) {
      case 'mask':
        return unjudged.length > 0;
      case 'group-mean':
        return unjudged.length === answers.length;
      case 'neutral':
      case 'fail':
        return false;
    }
  };
  return groups.some(isLeftOut) ? null : (metrics['rollout/reward_mean'] ?? null);
}

/** OpenRLHF's PPO trainer with Ray, vLLM and DeepSpeed, on this machine or as a job of a Ray cluster. */
export const openrlhf = defineBackend({
  name: OPENRLHF.name,
  plan: writePlan,
  preflight: (job) => preflight(job, OPENRLHF),
  launch: (job) => launch(job, OPENRLHF),
});
