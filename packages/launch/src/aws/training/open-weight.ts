import { failed, ok, type Finding, type TrainingJob } from '@touchstone/run';
import { InputError, TouchstoneError } from '@touchstone/spec';
import {
  functionOf,
  jobName,
  OpenWeightApi,
  openWeightCallerPolicy,
  openWeightJob,
  type OpenWeightPlace,
  openWeightTraining,
  openWeightUrl,
  rewardArn,
} from '../jobs/index.js';
import { accountOf, type Account } from './account.js';
import { openWeightCounterparts, openWeightSettings } from './open-weight-settings.js';
import { json, tasksFile, type Service } from './service.js';

const KEY = 'AWS_BEARER_TOKEN_BEDROCK';

/** Reinforcement fine-tuning of an open-weight model, by the API of Bedrock that has OpenAI's words. What comes out is asked where the base is. */
export const bedrockOpenWeight: Service = {
  name: 'bedrock-open-weight',
  title: "Amazon Bedrock's API for open-weight models",
  settings: openWeightCounterparts,
  describe(job, attempt) {
    const account = accountOf(job);
    const { region, reward_function: functionArn } = account;
    const settings = openWeightSettings(job);
    const reward = rewardArn('bedrock-open-weight', functionArn, account.alias ?? null);
    const tasks = tasksFile(job);
    const body = { ...settings, validationFile: null, rewardLambdaArn: reward.arn };
    const name = jobName(job.run, attempt);
    return {
      tasks,
      // They go where the job is, when it is started.
      uploads: [],
      documents: [
        {
          path: 'request.json',
          text: json(openWeightJob({ ...body, trainingFile: `ID-OF-${name}.jsonl` })),
          about: `POST ${openWeightUrl(region)}/fine_tuning/jobs: what starts it, once the tasks have an id there`,
        },
      ],
      reward,
      permissions: {
        role: null,
        caller: openWeightCallerPolicy(
          { region, account: functionOf(functionArn).account, functionArn: reward.arn },
          [],
        ),
      },
      remarks: [reward.why, ...remarksOf(job, account)],
      answersPerCall: null,
      examineEntrance: () => examineEntrance(region),
      open: (_, waiting) =>
        Promise.resolve(
          openWeightTraining(
            placeIn(region),
            { ...body, run: job.run, attempt, tasks: String(tasks.body) },
            waiting,
          ),
        ),
    };
  },
};

function remarksOf(
  { workspace, certificate }: Pick<TrainingJob, 'workspace' | 'certificate'>,
  { role, storage, overrides }: Account,
): string[] {
  const { group_size: group, learning_rate: rate } = workspace.config.training;
  const unused = Object.entries({ role, storage }).flatMap(([key, value]) =>
    value === undefined ? [] : [`training.aws.${key}`],
  );
  return [
    `AWS does not say how many answers it draws to a prompt, nor how long they may be: the costs are for training.group_size, ${group}`,
    ...('learning_rate_multiplier' in overrides
      ? []
      : [
          `training.learning_rate ${rate} is not sent: AWS trains at a rate of its own, which it does not name`,
        ]),
    `the job has no role: the reward function is asked in the name of whose key ${KEY} is, which must outlive the job`,
    `its API takes no tags: ${certificate === null ? 'the certificate of the judge' : `the certificate ${certificate}`} stands in the summary and the report only`,
    ...(unused.length === 0 ? [] : [`${unused.join(' and ')}: nothing is done with them`]),
  ];
}

/** @throws {InputError} there is no key. */
function placeIn(region: string): OpenWeightPlace {
  const key = process.env[KEY]?.trim();
  if (key !== undefined && key !== '') return { baseUrl: openWeightUrl(region), key };
  throw new InputError([
    {
      message: `set the environment variable ${KEY} to a key of Bedrock, which its API for open-weight models asks for; AWS's console makes one, of its user or for some hours`,
    },
  ]);
}

async function examineEntrance(region: string): Promise<Finding[]> {
  const what = 'Endpoint';
  try {
    const place = placeIn(region);
    await new OpenWeightApi(place).assertOpen();
    return [ok(what, `${place.baseUrl} takes the key of ${KEY}`)];
  } catch (error) {
    if (!TouchstoneError.is(error)) throw error;
    return [failed(what, error.message)];
  }
}
