import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackendPlan, TrainingJob } from '@touchstone/run';
import { renderShim, shimFile } from '@touchstone/serve';
import { InputError } from '@touchstone/spec';
import { sha256, writeWhole } from '@touchstone/store';
import { settingsText } from '../settings-text.js';
import { counterparts, scriptSettings, settingsProblem } from './settings.js';

const TEMPLATE = new URL('../../templates/trl/train.py', import.meta.url);

/** The script that is started. */
export const SCRIPT = 'train.py';

/** What each file is, for people. */
const ABOUT = {
  [SCRIPT]: 'the training, to read and to run by hand',
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
  const { config, data, policy } = job.workspace;
  const problem = settingsProblem(config);
  if (problem !== null) throw new InputError([{ message: problem }]);
  const settings = counterparts(job);
  const json = (lines: readonly unknown[]): string =>
    lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const contents: Record<keyof typeof ABOUT, string> = {
    [SCRIPT]: await readFile(TEMPLATE, 'utf8'),
    [shimFile('trl')]: await renderShim('trl'),
    'settings.json': `${JSON.stringify(scriptSettings(job), null, 2)}\n`,
    'tasks.jsonl': json(
      // No truth: it never leaves the process.
      data.train.map(({ id, messages, reference, metadata }) => {
        const tokens = policy.tokenizer.encodeChat(messages);
        return {
          id,
          messages,
          reference_answer: reference,
          metadata,
          prompt_tokens: tokens.length,
          prompt_sha256: sha256(tokens.join(',')),
        };
      }),
    ),
    'order.jsonl': json(
      Array.from({ length: config.training.steps }, (_, i) => job.tasksOf(i + 1).map(({ id }) => id)),
    ),
    'SETTINGS.md': settingsText('TRL', settings),
  };
  for (const [name, content] of Object.entries(contents)) await writeWhole(join(job.folder, name), content);
  return { files: Object.entries(ABOUT).map(([path, about]) => ({ path, about })), settings };
}
