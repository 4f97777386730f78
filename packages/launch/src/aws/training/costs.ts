import type { PlannedCost, TrainingJob } from '@touchstone/run';
import { answersOfStep } from '../../job-files.js';
import type { Account } from './account.js';
import type { Described } from './service.js';

const count = (n: number): string => Math.round(n).toLocaleString('en');

/** Services that go through their tasks, whose answers are as many either way, and that take no limit of time. */
const BY_PASSES: readonly string[] = ['bedrock', 'bedrock-open-weight'];

/**
 * Answers of all steps, where AWS counts prompts in a batch and not answers, which it does not say.
 */
export const answersAtMost = ({ workspace: { config } }: Pick<TrainingJob, 'workspace'>): number =>
  config.training.steps *
  answersOfStep(config) *
  (BY_PASSES.includes(config.training.backend) ? 1 : config.training.group_size);

/** What AWS asks for beside the calls of judges. Prices are the user's own: AWS's differ by region and contract. */
export function costsOf(
  job: Pick<TrainingJob, 'workspace'>,
  { max_hours, prices }: Account,
  { answersPerCall }: Described,
): PlannedCost[] {
  const answers = answersAtMost(job);
  const calls = answersPerCall === null ? null : Math.ceil(answers / answersPerCall);
  const perCall = prices.function_call;
  const isLimited = !BY_PASSES.includes(job.workspace.config.training.backend);
  return [
    {
      what: 'Training',
      ...(isLimited
        ? {
            amount: `${max_hours} hours at most (training.aws.max_hours)`,
            money: prices.hour === undefined ? null : max_hours * prices.hour,
            note: prices.hour === undefined ? 'set training.aws.prices.hour, for all of its machines' : '',
          }
        : { amount: 'as long as it takes: Bedrock takes no limit', money: null, note: '' }),
    },
    {
      what: 'Reward function',
      amount:
        calls === null
          ? `${count(answers)} answers; AWS does not say how many it asks about at once`
          : `${count(calls)} calls about ${answersPerCall} answers each`,
      money: perCall === undefined || calls === null ? null : perCall * calls,
      note:
        perCall === undefined ? 'set training.aws.prices.function_call, its memory and time included' : '',
    },
  ];
}
