import { InputError } from '@touchstone/spec';
import {
  contentArn,
  dataSetContent,
  evaluatorContent,
  hub,
  jobName,
  modelPackageGroup,
  partitionOf,
  registerContent,
  registerGroup,
  registerHub,
  rewardArn,
  sageMakerJob,
  serverlessTrainingJob,
  uriOf,
} from '../jobs/index.js';
import { serverlessHyperparameters } from '../recipes/hyperparameters.js';
import type { NovaTarget } from '../recipes/settings.js';
import {
  accessOf,
  accountOf,
  baseOf,
  longestSeconds,
  mlflowRun,
  numberOf,
  roleOf,
  SHARED,
  storageIn,
  type Account,
} from './account.js';
import { json, loggedTo, novaSettings, overridesOf, tasksFile, withRole, type Service } from './service.js';

const WHERE: NovaTarget = { target: 'serverless', tuning: 'lora' };

/** Reinforcement fine-tuning as a serverless job of SageMaker: no machines are chosen. */
export const sagemakerServerless: Service = {
  name: 'sagemaker-serverless',
  title: "SageMaker's serverless customization",
  settings: novaSettings(() => WHERE),
  describe(job, attempt) {
    const account = accountOf(job);
    const { region } = account;
    const number = numberOf(account);
    const storage = storageIn(account);
    const reward = rewardArn('sagemaker-serverless', account.reward_function, account.alias ?? null);
    const tasks = tasksFile(job);
    const name = jobName(job.run, attempt);
    const { hyperParameters, remarks } = serverlessHyperparameters(name, overridesOf(job, WHERE));
    const mlflow = mlflowRun(account, name);
    const evaluator = evaluatorContent(job.run, SHARED, reward.arn);
    const dataSet = dataSetContent(job.run, SHARED, uriOf(storage, tasks), roleOf(account));
    const request = serverlessTrainingJob({
      ...baseOf(job, account, attempt),
      baseModelArn: baseOfHub(account),
      acceptEula: account.accept_eula,
      evaluatorArn: contentArn(region, number, evaluator),
      trainArn: contentArn(region, number, dataSet),
      validationArn: null,
      modelPackageGroupArn: `arn:${partitionOf(region)}:sagemaker:${region}:${number}:model-package-group/${SHARED}`,
      sourceModelPackageArn: null,
      hyperParameters,
      mlflow,
      maxRuntimeSeconds: longestSeconds(account),
    });
    return {
      tasks,
      uploads: [tasks],
      documents: [
        {
          path: 'evaluator.json',
          text: json(evaluator),
          about: 'ImportHubContent: the reward function in the hub',
        },
        {
          path: 'data-set.json',
          text: json(dataSet),
          about: 'ImportHubContent: the training tasks in the hub',
        },
        { path: 'request.json', text: json(request.body), about: 'CreateTrainingJob: what starts it' },
      ],
      reward,
      permissions: withRole(
        account,
        accessOf(account, 'sagemaker-serverless', reward.arn, { hub: SHARED, modelPackageGroup: SHARED }),
      ),
      remarks: [...remarks, reward.why],
      answersPerCall: null,
      async open(clients, waiting) {
        await registerHub(clients, hub(SHARED), waiting);
        await registerContent(clients, evaluator, waiting);
        await registerContent(clients, dataSet, waiting);
        await registerGroup(clients, modelPackageGroup(SHARED));
        return sageMakerJob(clients, request, waiting, loggedTo(job, mlflow));
      },
    };
  },
};

function baseOfHub({ base }: Account): string {
  if (base !== undefined) return base;
  throw new InputError([
    {
      message:
        'training.aws.base: expected the ARN of a model of the public hub, so that a run does not change with its newest version. It is told by: ' +
        'aws sagemaker describe-hub-content --hub-name SageMakerPublicHub --hub-content-type Model --hub-content-name nova-textgeneration-lite-v2 --query HubContentArn',
    },
  ]);
}
