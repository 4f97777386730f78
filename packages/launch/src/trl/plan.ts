import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackendPlan, TrainingJob } from '@touchstone/run';
import { renderShim, shimFile } from '@touchstone/serve';
import { InputError } from '@touchstone/spec';
import { writeWhole } from '@touchstone/store';
import { jsonLines, orderOf, taskLines } from '../job-files.js';
import { settingsText } from '../settings-text.js';
import { JOB_FILE, jobSource, SCRIPT } from '../scripted/python.js';
import { counterparts, scriptSettings, settingsProblem } from './settings.js';

/** Ours, as they are; the job's folder has them side by side. */
const PYTHON = {
  [SCRIPT]: 'the training, to read and to run by hand',
  'touchstone_check.py': 'what it would fail at',
  'touchstone_machine.py': 'what follows from the machine: processes, precision, DeepSpeed',
  'touchstone_output.py': 'checkpoints, and the policy that an adapter is merged into',
} as const;

const template = (name: string): Promise<string> =>
  readFile(new URL(`../../templates/trl/${name}`, import.meta.url), 'utf8');

/** What each file is, for people. */
const ABOUT = {
  ...PYTHON,
  [JOB_FILE]: 'its settings, its journal, and what it refuses',
  [shimFile('trl')]: 'its client of the reward server',
  'settings.json': 'what it reads: arguments of GRPOConfig, and the rest',
  'tasks.jsonl': 'each task once, with a digest of the tokens of its prompt',
  'order.jsonl': 'the tasks of each step',
  'SETTINGS.md': 'what each setting of touchstone.yaml became',
} as const;

/**
 * Writes the files of a job: a function of the configuration and the data, so that writing them again changes nothing.
 *
 * @throws {InputError} TRL cannot do what the configuration says.
 */
export async function writePlan(job: TrainingJob): Promise<BackendPlan> {
  const { config } = job.workspace;
  const problem = settingsProblem(config);
  if (problem !== null) throw new InputError([{ message: problem }]);
  const settings = counterparts(job);
  const scripts = Object.keys(PYTHON) as (keyof typeof PYTHON)[];
  const python = await Promise.all(scripts.map(async (name) => [name, await template(name)] as const));
  const contents: Record<keyof typeof ABOUT, string | Iterable<string>> = {
    ...(Object.fromEntries(python) as Record<keyof typeof PYTHON, string>),
    [JOB_FILE]: await jobSource(),
    [shimFile('trl')]: await renderShim('trl'),
    'settings.json': `${JSON.stringify(scriptSettings(job), null, 2)}\n`,
    'tasks.jsonl': jsonLines(taskLines(job)),
    'order.jsonl': jsonLines(orderOf(job).map((tasks) => tasks.map(({ id }) => id))),
    'SETTINGS.md': settingsText('TRL', settings),
  };
  for (const [name, content] of Object.entries(contents)) await writeWhole(join(job.folder, name), content);
  return { files: Object.entries(ABOUT).map(([path, about]) => ({ path, about })), settings };
}
