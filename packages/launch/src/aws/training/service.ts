import type { Counterpart, Finding, TrainingJob } from '@touchstone/run';
import {
  type Access,
  type AwsClients,
  type AwsJob,
  callerPolicy,
  executionPolicy,
  type JobFile,
  type MlflowRun,
  type Policy,
  type RewardArn,
  trustPolicy,
  type Waiting,
} from '../jobs/index.js';
import { overrideCounterparts } from '../recipes/counterparts.js';
import type { Overrides } from '../recipes/key.js';
import type { NovaTarget } from '../recipes/settings.js';
import { novaCounterparts, novaOverrides, novaSettingsProblem } from '../recipes/settings.js';
import { InputError } from '@touchstone/spec';
import { roleOf, type Account } from './account.js';
import { trainingLines } from './data.js';

/** Who may do what for a job to run. */
export interface Permissions {
  /** The role that the job takes on, whom it must trust and what it must be allowed; null: the job has none. */
  role: { arn: string; trust: Policy; needs: Policy } | null;
  /** What whoever runs the command must be allowed, beside asking models. */
  caller: Policy;
}

/** The job of a configuration at one of AWS's services, of which nothing has been sent. */
export interface Described {
  /** The training tasks, as they are uploaded. */
  tasks: JobFile;
  /** What goes to S3. */
  uploads: JobFile[];
  /** What `touchstone run --plan` writes beside the tasks: by its name, with what it is. */
  documents: { path: string; text: string; about: string }[];
  reward: RewardArn;
  permissions: Permissions;
  /** What a reader should know before he agrees. */
  remarks: string[];
  /** Answers that the function is asked about at once; null: AWS does not say. */
  answersPerCall: number | null;
  /** Why this command cannot start it, and what can; absent where it can. */
  startedBy?: string;
  /** Whether the service lets whoever asks in; absent: its policies say it. */
  examineEntrance?(): Promise<Finding[]>;
  /** The job, once the uploads are there; what it needs beside them is registered. */
  open(clients: AwsClients, waiting?: Waiting): Promise<AwsJob>;
}

/** One of AWS's services that train: what differs between them. */
export interface Service {
  name: 'sagemaker-nova' | 'sagemaker-serverless' | 'bedrock' | 'bedrock-open-weight';
  /** For people. */
  title: string;
  /** What each setting of the user's became, and each override. */
  settings(job: TrainingJob, account: Account): Counterpart[];
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

/** What each setting of the user's became for Nova, and each override. */
export const novaSettings =
  (whereOf: (account: Account) => NovaTarget): Service['settings'] =>
  (job, account) => {
    const where = whereOf(account);
    return [
      ...novaCounterparts(job, where),
      ...overrideCounterparts(where.target, account.overrides, where.tuning).map((one) => ({
        ...one,
        setting: `training.aws.overrides.${one.setting}`,
      })),
    ];
  };

/** A run of MLflow with whom to tell when it cannot be read. */
export const loggedTo = (
  job: Pick<TrainingJob, 'alarm'>,
  run: MlflowRun | null,
): { run: MlflowRun; alarm(text: string): void } | null => run && { run, alarm: (text) => job.alarm(text) };

/** Who may do what where a job takes a role on. */
export const withRole = (account: Account, access: Access): Permissions => ({
  role: { arn: roleOf(account), trust: trustPolicy(access), needs: executionPolicy(access) },
  caller: callerPolicy(access, roleOf(account), []),
});

/** JSON for people and for AWS's command line. */
export const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
