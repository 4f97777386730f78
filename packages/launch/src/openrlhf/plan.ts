import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackendPlan, TrainingJob } from '@touchstone/run';
import { clientSource, REWARD_CLIENT } from '@touchstone/serve';
import { InputError } from '@touchstone/spec';
import { writeWhole } from '@touchstone/store';
import { jsonLines, longestPrompt, orderOf, taskLines } from '../job-files.js';
import { settingsText } from '../settings-text.js';
import { JOB_FILE, jobSource, SCRIPT } from '../scripted/python.js';
import { counterparts, jobSettings, settingsProblem } from './settings.js';

/** Files that are the same for every job, with what each is, for people. */
const TEMPLATES = {
  [SCRIPT]: "the training, to read and to run by hand: OpenRLHF's own command, with the two files below",
  'touchstone_agent.py': 'how an answer is drawn and its reward asked for',
  'touchstone_trainer.py': "OpenRLHF's trainer, with the run's order and a journal",
  'touchstone_versions.py': 'what is installed',
} as const;

const ABOUT = {
  ...TEMPLATES,
  [JOB_FILE]: 'what they share',
  [REWARD_CLIENT]: 'their client of the reward server',
  'settings.json': 'what they read, with the whole command line',
  'tasks.jsonl': 'each task once, with a digest of the tokens of its prompt',
  'prompts.jsonl': 'the tasks of each step, as OpenRLHF reads them',
  'SETTINGS.md': 'what each setting of touchstone.yaml became',
} as const;

/**
 * Writes the files of a job: a function of the configuration and the data, so that writing them again changes nothing.
 *
 * @throws {InputError} OpenRLHF cannot do what the configuration says.
 */
export async function writePlan(job: TrainingJob): Promise<BackendPlan> {
  const problem = settingsProblem(job.workspace.config);
  if (problem !== null) throw new InputError([{ message: problem }]);
  const settings = counterparts(job);
  const tasks = taskLines(job);
  const templates = await Promise.all(
    Object.keys(TEMPLATES).map(async (name) => [name, await readFile(templateOf(name), 'utf8')]),
  );
  const contents: Record<keyof typeof ABOUT, string | Iterable<string>> = {
    ...(Object.fromEntries(templates) as Record<keyof typeof TEMPLATES, string>),
    [JOB_FILE]: await jobSource(),
    [REWARD_CLIENT]: await clientSource(),
    'settings.json': `${JSON.stringify(jobSettings(job, longestPrompt(tasks)), null, 2)}\n`,
    'tasks.jsonl': jsonLines(tasks),
    'prompts.jsonl': jsonLines(promptLines(job)),
    'SETTINGS.md': settingsText('OpenRLHF', settings),
  };
  for (const [name, content] of Object.entries(contents)) await writeWhole(join(job.folder, name), content);
  return { files: Object.entries(ABOUT).map(([path, about]) => ({ path, about })), settings };
}

const templateOf = (name: string): URL => new URL(`../../templates/openrlhf/${name}`, import.meta.url);

/** A row for each task of each step; the label comes back with its answers, and says which they are of. */
const promptLines = (job: TrainingJob) =>
  orderOf(job).flatMap((tasks, i) =>
    tasks.map(({ id, messages }, place) => ({
      prompt: messages.map(({ role, content }) => ({ role, content })),
      label: JSON.stringify({ task: id, step: i + 1, place }),
    })),
  );
