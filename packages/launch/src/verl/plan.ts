import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackendPlan, TrainingJob } from '@touchstone/run';
import { renderShim } from '@touchstone/serve';
import { InputError, type Task } from '@touchstone/spec';
import { writeWhole } from '@touchstone/store';
import { stringify } from 'yaml';
import { jsonLines, longestPrompt, orderOf, taskLines } from '../job-files.js';
import { settingsText } from '../settings-text.js';
import { CHECK, CONFIG, MANAGER, ROWS, SHIM } from './files.js';
import { configOf, counterparts, settingsProblem } from './settings.js';

const template = (name: string): Promise<string> =>
  readFile(new URL(`../../templates/verl/${name}`, import.meta.url), 'utf8');

/** What each file is, for people. */
const ABOUT = {
  [CONFIG]: "verl's configuration, over its own defaults",
  [ROWS]: 'the tasks of all steps in their order, as verl reads them',
  'tasks.jsonl': 'each task once, with a digest of the tokens of its prompt',
  [SHIM]: 'the client of the reward server',
  [MANAGER]: "verl's reward manager, which also says how long an answer is",
  [CHECK]: 'what looks at all of it where verl is installed',
  'SETTINGS.md': 'what each setting of touchstone.yaml became',
} as const;

/**
 * Writes the files of a job: a function of the configuration and the data, so that writing them again changes nothing.
 *
 * @throws {InputError} verl cannot do what the configuration says.
 */
export async function writePlan(job: TrainingJob): Promise<BackendPlan> {
  const problem = settingsProblem(job);
  if (problem !== null) throw new InputError([{ message: problem }]);
  const tasks = taskLines(job);
  const settings = counterparts(job);
  const contents: Record<keyof typeof ABOUT, string | Iterable<string>> = {
    [CONFIG]: stringify(configOf(job, longestPrompt(tasks))),
    [ROWS]: jsonLines(rowsOf(job)),
    'tasks.jsonl': jsonLines(
      tasks.map(({ id, prompt_tokens, prompt_sha256 }) => ({ id, prompt_tokens, prompt_sha256 })),
    ),
    [SHIM]: await renderShim('verl'),
    [MANAGER]: await template(MANAGER),
    [CHECK]: await template(CHECK),
    'SETTINGS.md': settingsText('verl', settings),
  };
  for (const [name, content] of Object.entries(contents)) await writeWhole(join(job.folder, name), content);
  return { files: Object.entries(ABOUT).map(([path, about]) => ({ path, about })), settings };
}

/** The place of a task in a training: verl gives it back with each answer. */
export interface Row {
  /** Of `rows.jsonl`, from 0 on. */
  index: number;
  /** 1-based. */
  step: number;
  /** Of the step, from 0 on. */
  place: number;
  task: Task;
}

/** The tasks of all steps. */
export function placesOf(job: Pick<TrainingJob, 'tasksOf' | 'workspace'>): Row[] {
  return orderOf(job)
    .flatMap((tasks, i) => tasks.map((task, place) => ({ step: i + 1, place, task })))
    .map((row, index) => ({ index, ...row }));
}

/** What verl is told is the ground truth of a row, which it writes beside each answer: its place. Truth and reference stay here. */
export const nameOf = ({ index, task }: Pick<Row, 'index' | 'task'>): string => `${index} ${task.id}`;

/**
 * Rows as verl reads them. Of a task nothing but its messages: the reward server knows the rest. They stand twice, since verl does not
 * give the prompt to a reward function.
 */
const rowsOf = (job: TrainingJob): object[] =>
  placesOf(job).map((row) => ({
    data_source: 'touchstone',
    prompt: row.task.messages,
    reward_model: { style: 'rule', ground_truth: nameOf(row) },
    extra_info: { index: row.index, messages: row.task.messages },
  }));
