import type { Counterpart, TrainingJob } from '@touchstone/run';
import type { Access, AwsClients, AwsJob, JobFile, RewardArn, Waiting } from '../jobs/index.js';
import { overrideCounterparts } from '../recipes/counterparts.js';
import type { Overrides } from '../recipes/key.js';
import type { NovaTarget } from '../recipes/settings.js';
import { novaCounterparts, novaOverrides, novaSettingsProblem } from '../recipes/settings.js';
import { InputError } from '@touchstone/spec';
import type { Account } from './account.js';
import { trainingLines } from './data.js';

/** The job of a configuration at one of AWS's services, of which nothing has been sent. */
export interface Described {
  /** What goes to S3, the training tasks first. */
  uploads: JobFile[];
  /** What `touchstone run --plan` writes beside them: by its name, with what it is. */
  documents: { path: string; text: string; about: string }[];
  reward: RewardArn;
  access: Access;
  /** What a reader should know before he agrees. */
  remarks: string[];
  /** Answers that the function is asked about at once; null: AWS does not say. */
  answersPerCall: number | null;
  /** Why this command cannot start it, and what can; absent where it can. */
  startedBy?: string;
  /** The job, once the uploads are there; what it needs beside them is registered. */
  open(clients: AwsClients, waiting?: Waiting): Promise<AwsJob>;
}

/** One of AWS's services that train: what differs between them. */
export interface Service {
  name: 'sagemaker-nova' | 'sagemaker-serverless' | 'bedrock';
  /** For people. */
  title: string;
  where(account: Account): NovaTarget;
  /** @param attempt of the run's job, from 1. @throws {InputError} AWS would refuse it. */
  describe(job: TrainingJob, attempt: number): Described;
}

/** The training tasks as they are uploaded. */
export const tasksFile = (job: Pick<TrainingJob, 'workspace'>): JobFile => ({
  name: 'train.jsonl',
  body: trainingLines(job),
});

const NOVA_2_LITE = /nova-(2-lite|lite-2|textgeneration-lite-v2)/;

/**
 * Why the base that is evaluated is not the one that is trained, in words; null: it is, or its name does not say which it is (an ARN, a
 * gateway's name, a checkpoint to go on from).
 */
function baseProblem({ workspace: { config } }: TrainingJob): string | null {
  const { model } = config.policy;
  const { base } = config.training.aws ?? {};
  const isOpen = /^(openai-compatible:|code:|bedrock:arn:)/.test(model) || NOVA_2_LITE.test(model);
  if (isOpen || (base !== undefined && !NOVA_2_LITE.test(base))) return null;
  return `policy.model is ${model}, and what is trained is Amazon Nova 2 Lite: the two would be compared as before and after. Expected the base as Bedrock serves it, such as bedrock:us.amazon.nova-2-lite-v1:0`;
}

/** The overrides of a configuration for a target. @throws {InputError} the target cannot do what it says. */
export function overridesOf(job: TrainingJob, where: NovaTarget): Overrides {
  const problem = novaSettingsProblem(job, where) ?? baseProblem(job);
  if (problem !== null) throw new InputError([{ message: problem }]);
  return novaOverrides(job, where);
}

/** What each setting of the user's became, and each override. */
export const settingsOf = (job: TrainingJob, account: Account, where: NovaTarget): Counterpart[] => [
  ...novaCounterparts(job, where),
  ...overrideCounterparts(where.target, account.overrides, where.tuning).map((one) => ({
    ...one,
    setting: `training.aws.overrides.${one.setting}`,
  })),
];

/** JSON for people and for AWS's command line. */
export const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
