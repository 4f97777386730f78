import { bedrockJob, bedrockRftJob, partitionOf, rewardArn, uriOf } from '../jobs/index.js';
import { bedrockHyperparameters } from '../recipes/hyperparameters.js';
import { MODEL_TYPE } from '../recipes/job-keys.js';
import type { NovaTarget } from '../recipes/settings.js';
import { accessOf, accountOf, baseOf, storageIn } from './account.js';
import { json, novaSettings, overridesOf, tasksFile, withRole, type Service } from './service.js';

const WHERE: NovaTarget = { target: 'bedrock', tuning: 'lora' };

/** Reinforcement fine-tuning as a customization job of Amazon Bedrock. */
export const bedrock: Service = {
  name: 'bedrock',
  title: 'Amazon Bedrock',
  settings: novaSettings(() => WHERE),
  describe(job, attempt) {
    const account = accountOf(job);
    const { region } = account;
    const storage = storageIn(account);
    const reward = rewardArn('bedrock', account.reward_function, account.alias ?? null);
    const tasks = tasksFile(job);
    const { hyperParameters, remarks } = bedrockHyperparameters(overridesOf(job, WHERE));
    const request = bedrockRftJob({
      ...baseOf(job, account, attempt),
      baseModel:
        account.base ?? `arn:${partitionOf(region)}:bedrock:${region}::foundation-model/${MODEL_TYPE}`,
      trainUri: uriOf(storage, tasks),
      validationUri: null,
      rewardLambdaArn: reward.arn,
      hyperParameters,
    });
    return {
      tasks,
      uploads: [tasks],
      documents: [
        {
          path: 'request.json',
          text: json(request.body),
          about: 'CreateModelCustomizationJob: what starts it',
        },
      ],
      reward,
      permissions: withRole(account, accessOf(account, 'bedrock', reward.arn)),
      remarks: [
        ...remarks,
        reward.why,
        ...(account.mlflow === undefined
          ? []
          : ['training.aws.mlflow: nothing is done with it, a customization job logs to none']),
      ],
      answersPerCall: null,
      open: (clients, waiting) => Promise.resolve(bedrockJob(clients, request, waiting)),
    };
  },
};
