import type { NovaRecipeInput, RecipeKey } from './key.js';
import { ENDPOINT, hub, TRAINER, training } from './places.js';

/** The only model of which AWS offers RFT. */
export const MODEL_TYPE = 'amazon.nova-2-lite-v1:0:256k';
const BASE_MODEL = 'nova-lite-2/prod';

/** What the recipe of an evaluation leaves to the request where it is run as a training job. */
const unlessRequested = (value: string, { purpose, platform }: NovaRecipeInput): string =>
  purpose === 'evaluation' && platform === 'training-job' ? '' : value;
/** An evaluation has no names without a server; HyperPod's training recipe asks that they are never empty. */
const mlflow = (part: 'experiment' | 'run') => (input: NovaRecipeInput) =>
  input.mlflow?.[part] ?? (input.mlflow || input.purpose !== 'evaluation' ? input.name : '');

/** Keys that the job gives: they are no overrides. */
export const JOB_KEYS = {
  name: {
    type: 'text',
    about: 'Name of the run, in logs and artifacts',
    from: { field: 'name', value: ({ name }) => name },
    in: {
      ...training('run.name', undefined, undefined, hub('name')),
      evaluation: { path: 'run.name' },
      serverless: { path: 'name' },
    },
  },
  model_type: {
    type: 'text',
    about: 'The family of the model',
    from: { field: 'model', value: () => MODEL_TYPE },
    in: { ...training('run.model_type', MODEL_TYPE, MODEL_TYPE), evaluation: { path: 'run.model_type' } },
  },
  model_name_or_path: {
    type: 'text',
    about: 'The model, or a checkpoint of it in S3',
    from: { field: 'model', value: ({ model }) => model ?? BASE_MODEL },
    in: {
      ...training('run.model_name_or_path', BASE_MODEL, BASE_MODEL),
      evaluation: { path: 'run.model_name_or_path' },
    },
  },
  data_s3_path: {
    type: 'text',
    about: 'The data',
    from: { field: 'data', value: (input) => unlessRequested(input.data, input) },
    in: {
      ...training('run.data_s3_path', undefined, undefined, hub('data_s3_path')),
      evaluation: { path: 'run.data_s3_path' },
    },
    note: 'an evaluation as a training job takes it as a channel: empty there',
  },
  output_s3_path: {
    type: 'text',
    about: 'Where it writes',
    from: { field: 'output', value: (input) => unlessRequested(input.output, input) },
    in: {
      hyperpod: { path: 'run.output_s3_path', ...hub('output_s3_path') },
      evaluation: { path: 'run.output_s3_path' },
    },
    note: "a training job's request says it",
  },
  replicas: {
    type: 'integer',
    about: 'Instances that train',
    from: { field: 'instances', value: ({ instances }) => instances },
    in: {
      hyperpod: { path: 'run.replicas', default: 2, ...hub('replicas', { values: [2, 4, 8, 16] }) },
      'training-job': { path: 'run.replicas', default: 4, limits: { values: [2, 4, 6, 8] } },
      evaluation: { path: 'run.replicas', default: 1, limits: { values: [1] } },
    },
    note: 'AWS documents at least 8 instances in all for RFT on HyperPod',
  },
  reward_lambda_arn: {
    type: 'text',
    about: 'The reward function',
    from: { field: 'rewardFunction', value: ({ rewardFunction }) => rewardFunction },
    in: {
      ...training('run.reward_lambda_arn', undefined, undefined, hub('reward_lambda_arn')),
      evaluation: { path: 'rl_env.reward_lambda_arn' },
    },
    note: 'serverless has it as EvaluatorArn, Bedrock as graderConfig.lambdaGrader.lambdaArn',
  },
  lambda_arn: {
    type: 'text',
    about: 'The same, where rewards are asked for',
    from: { field: 'rewardFunction', value: ({ rewardFunction }) => rewardFunction },
    in: training(`${ENDPOINT}.lambda_arn`, undefined, undefined, hub('reward_lambda_arn')),
  },
  mlflow_tracking_uri: {
    type: 'text',
    about: 'The MLflow server',
    from: { field: 'mlflow', value: ({ mlflow }) => mlflow?.trackingUri ?? '' },
    in: {
      hyperpod: { path: 'run.mlflow_tracking_uri', ...hub('mlflow_tracking_uri') },
      evaluation: { path: 'run.mlflow_tracking_uri' },
    },
    note: "a training job's request says it",
  },
  mlflow_experiment_name: {
    type: 'text',
    about: 'Its experiment',
    from: { field: 'mlflow', value: mlflow('experiment') },
    in: {
      hyperpod: { path: 'run.mlflow_experiment_name', ...hub('mlflow_experiment_name') },
      evaluation: { path: 'run.mlflow_experiment_name' },
    },
    note: "in HyperPod's training recipe never empty, as it asks",
  },
  mlflow_run_name: {
    type: 'text',
    about: 'Its run',
    from: { field: 'mlflow', value: mlflow('run') },
    in: {
      hyperpod: { path: 'run.mlflow_run_name', ...hub('mlflow_run_name') },
      evaluation: { path: 'run.mlflow_run_name' },
    },
    note: "in HyperPod's training recipe never empty, as it asks",
  },
  peft_scheme: {
    type: 'text',
    about: 'Adapters, or every weight',
    from: { field: 'tuning', value: ({ tuning }) => (tuning === 'full' ? null : 'lora') },
    in: {
      hyperpod: { path: `${TRAINER}.peft.peft_scheme`, loraOnly: true },
      'training-job': { path: `${TRAINER}.peft.peft_scheme` },
    },
    note: 'no SDK lets it be overridden',
  },
  task: {
    type: 'text',
    about: 'What is evaluated',
    from: { field: 'purpose', value: () => 'rft_eval' },
    in: { evaluation: { path: 'evaluation.task' } },
  },
  strategy: {
    type: 'text',
    about: 'How it is evaluated',
    from: { field: 'purpose', value: () => 'rft_eval' },
    in: { evaluation: { path: 'evaluation.strategy' } },
  },
  metric: {
    type: 'text',
    about: 'What is reported',
    from: { field: 'purpose', value: () => 'all' },
    in: { evaluation: { path: 'evaluation.metric' } },
  },
} satisfies Record<string, RecipeKey>;
