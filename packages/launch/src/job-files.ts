import { localPolicy, type Config, type TrainingJob } from '@touchstone/run';
import { largest, type Task } from '@touchstone/spec';
import { sha256 } from '@touchstone/store';

/** Line by line: a long run's prompts, again for each step, are more than a string can hold. */
export function* jsonLines(lines: readonly unknown[]): Generator<string> {
  for (const line of lines) yield `${JSON.stringify(line)}\n`;
}

/** Each task once, with a digest of the tokens of its prompt, for trainers to compare. No truth: it never leaves the process. */
export const taskLines = ({ workspace }: Pick<TrainingJob, 'workspace'>) =>
  workspace.data.train.map(({ id, messages, reference, metadata }) => {
    const tokens = localPolicy(workspace).tokenizer.encodeChat(messages);
    return {
      id,
      messages,
      reference_answer: reference,
      metadata,
      prompt_tokens: tokens.length,
      prompt_sha256: sha256(tokens.join(',')),
    };
  });

/** Tokens of the longest prompt: trainers cut longer ones and say nothing. */
export const longestPrompt = (tasks: readonly { prompt_tokens: number }[]): number =>
  largest(tasks.map(({ prompt_tokens }) => prompt_tokens));

/** The number of answers of a step. */
export const answersOfStep = ({ training }: Pick<Config, 'training'>): number =>
  training.prompts_per_step * training.group_size;

/** The tasks of each step, from the first one on. */
export const orderOf = (job: Pick<TrainingJob, 'tasksOf' | 'workspace'>): Task[][] =>
  Array.from({ length: job.workspace.config.training.steps }, (_, i) => job.tasksOf(i + 1));
