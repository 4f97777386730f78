import { rewardArn } from '../arns.js';
import { jobName } from '../names.js';
import { quoted } from '../../../ray/worker.js';
import { RECIPE_FILE } from './nova.js';

/** A training on a HyperPod cluster, which its own command line starts: there is no call of AWS's API for it. */
export interface HyperPodJob {
  run: string;
  attempt: number;
  /** Of the cluster's Kubernetes. */
  namespace: string;
  /** The recipe's text. */
  recipe: string;
  rewardLambdaArn: string;
  /** Dotted keys of the recipe, such as `recipes.run.name`, that are set beside ours. */
  overrides: Readonly<Record<string, string | number | boolean>>;
}

/** Files to write beside one another, and what to type in their folder, on a machine with the `hyperpod` command and the cluster's access. */
export interface HyperPodFiles {
  files: { path: string; text: string }[];
  command: string;
}

/** @throws {InputError} HyperPod may not call the function: its name must hold `SageMaker`. */
export function hyperPodFiles(job: HyperPodJob): HyperPodFiles {
  const { arn } = rewardArn('hyperpod', job.rewardLambdaArn, null);
  const overrides = JSON.stringify({
    ...job.overrides,
    'recipes.run.name': jobName(job.run, job.attempt),
    'recipes.run.reward_lambda_arn': arn,
  });
  const words = [
    'hyperpod',
    'start-job',
    '--namespace',
    job.namespace,
    '--recipe',
    `./${RECIPE_FILE}`,
    '--override-parameters',
    overrides,
  ];
  return { files: [{ path: RECIPE_FILE, text: job.recipe }], command: words.map(quoted).join(' ') };
}
