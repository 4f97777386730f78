import type { TrainingJob } from '@touchstone/run';
import { InputError, RunError } from '@touchstone/spec';
import {
  hyperPodFiles,
  jobName,
  novaTrainingJob,
  outputUri,
  RECIPE_FILE,
  rewardArn,
  sageMakerJob,
  uriOf,
  VOLUME_GB,
} from '../jobs/index.js';
import { novaRecipe } from '../recipes/recipe.js';
import type { NovaTarget } from '../recipes/settings.js';
import {
  accessOf,
  accountOf,
  baseOf,
  longestSeconds,
  mlflowRun,
  storageIn,
  type Account,
} from './account.js';
import {
  json,
  loggedTo,
  novaSettings,
  overridesOf,
  tasksFile,
  withRole,
  type Described,
  type Service,
} from './service.js';

/** Where AWS offers the container of a training job. */
const IMAGES: Readonly<Record<string, string>> = {
  'us-east-1': '708977205387.dkr.ecr.us-east-1.amazonaws.com/nova-fine-tune-repo:SM-TJ-RFT-V2-latest',
};
/** Answers of one call of the function from a training job, by AWS's documentation; HyperPod asks about one. */
const ANSWERS_PER_CALL = 64;

const whereOf = ({ platform }: Account): NovaTarget => ({ target: platform, tuning: 'lora' });

/** Amazon Nova by one of AWS's recipes: as a training job of SageMaker, or as files for HyperPod. */
export const sagemakerNova: Service = {
  name: 'sagemaker-nova',
  title: "SageMaker's recipes for Amazon Nova",
  settings: novaSettings(whereOf),
  describe(job, attempt) {
    const account = accountOf(job);
    const { platform, alias, base, instances } = account;
    const storage = storageIn(account);
    const isPod = platform === 'hyperpod';
    const reward = rewardArn(isPod ? 'hyperpod' : 'sagemaker-nova', account.reward_function, alias ?? null);
    const tasks = tasksFile(job);
    const tasksUri = uriOf(storage, tasks);
    const mlflow = mlflowRun(account, jobName(job.run, attempt));
    const { yaml, recipe, remarks } = novaRecipe({
      platform,
      name: jobName(job.run, attempt),
      data: tasksUri,
      output: outputUri(storage),
      rewardFunction: reward.arn,
      overrides: overridesOf(job, whereOf(account)),
      ...(base === undefined ? {} : { model: base }),
      ...(instances === undefined ? {} : { instances }),
      ...(mlflow === null
        ? {}
        : { mlflow: { trackingUri: mlflow.serverArn, experiment: mlflow.experiment, run: mlflow.name } }),
    });
    const recipeFile = { name: RECIPE_FILE, body: yaml };
    const { replicas, model_name_or_path: model } = recipe['run'] as {
      replicas: number;
      model_name_or_path: string;
    };
    const described = {
      tasks,
      uploads: isPod ? [tasks] : [tasks, recipeFile],
      reward,
      permissions: withRole(
        account,
        accessOf(account, 'sagemaker-nova', reward.arn, isPod ? {} : { image: imageOf(account) }),
      ),
      remarks: [...remarks, reward.why],
      answersPerCall: isPod ? 1 : ANSWERS_PER_CALL,
    };
    return isPod
      ? { ...described, ...onPods(job, attempt, account, yaml, reward.arn) }
      : {
          ...described,
          ...asJob(job, attempt, account, { tasksUri, recipeFile, replicas, model, rewardArn: reward.arn }),
        };
  },
};

function asJob(
  job: TrainingJob,
  attempt: number,
  account: Account,
  parts: {
    tasksUri: string;
    recipeFile: { name: string; body: string };
    replicas: number;
    model: string;
    rewardArn: string;
  },
): Pick<Described, 'documents' | 'open'> {
  const storage = storageIn(account);
  const mlflow = mlflowRun(account, jobName(job.run, attempt));
  const request = novaTrainingJob({
    ...baseOf(job, account, attempt),
    recipeUri: uriOf(storage, parts.recipeFile),
    trainUri: parts.tasksUri,
    validationUri: null,
    image: imageOf(account),
    instanceType: account.instance_type as never,
    instanceCount: parts.replicas,
    purpose: 'train',
    volumeGb: VOLUME_GB,
    baseModel: parts.model,
    rewardLambdaArn: parts.rewardArn,
    hyperParameters: {},
    maxRuntimeSeconds: longestSeconds(account),
    mlflow,
  });
  return {
    documents: [
      { path: RECIPE_FILE, text: parts.recipeFile.body, about: 'the recipe, as it is uploaded' },
      { path: 'request.json', text: json(request.body), about: 'CreateTrainingJob: what starts it' },
    ],
    open: (clients, waiting) =>
      Promise.resolve(sageMakerJob(clients, request, waiting, loggedTo(job, mlflow))),
  };
}

/** HyperPod's jobs are started by its own command, in the reader's shell. */
function onPods(
  job: TrainingJob,
  attempt: number,
  { namespace }: Account,
  recipe: string,
  rewardLambdaArn: string,
): Pick<Described, 'documents' | 'startedBy' | 'open'> {
  const { files, command } = hyperPodFiles({
    run: job.run,
    attempt,
    namespace,
    recipe,
    rewardLambdaArn,
    overrides: {},
  });
  const startedBy = `HyperPod starts its jobs by its own command. In the folder ${job.folder} run: ${command}. This command cannot follow it; platform: training-job can be followed`;
  return {
    startedBy,
    documents: [
      ...files.map(({ path, text }) => ({ path, text, about: 'the recipe' })),
      {
        path: 'start.sh',
        text: `#!/bin/sh\n${command}\n`,
        about: 'what starts it, on a machine with the hyperpod command',
      },
    ],
    open: () => Promise.reject(new RunError(startedBy)),
  };
}

function imageOf({ image, region }: Account): string {
  const found = image ?? IMAGES[region];
  if (found !== undefined) return found;
  throw new InputError([
    {
      message: `training.aws.image: AWS's container for ${region} is not known here; expected its address, which AWS's documentation of Nova's recipes lists`,
    },
  ]);
}
