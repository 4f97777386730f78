import { InputError, type Message, type Task } from '@touchstone/spec';
import { joinApart } from '../../text/control-tokens.js';
import { isTaskPath, readTaskPath, toText } from '../../text/task-path.js';
import { neutraliser, parseTemplate } from '../../text/template.js';
import { truncate } from '../prompt.js';
import type { PairModelConfig } from './schema.js';

const SHOWN = ['first', 'second'];

/**
 * The user's messages about two answers.
 *
 * @returns what fills them. @throws {InputError} when the task lacks what they show.
 * @throws {InputError} for a placeholder that is not known, where an answer is not shown, or where the reference is shown by
 *   its name beside itself.
 */
export function createPairMessages(
  config: PairModelConfig,
): (task: Task, first: string, second: string) => Message[] {
  const what = 'judge.messages';
  const neutralise = neutraliser(config.messages.map(({ content }) => content));
  const shield = (text: string): string => neutralise(truncate(text, config.max_candidate_characters));
  const parsed = config.messages.map(({ role, content }) => ({
    role,
    template: parseTemplate(content, {
      what,
      isKnown: (name) => SHOWN.includes(name) || isTaskPath(name),
      known: [...SHOWN, 'prompt', 'reference', 'reference.NAME', 'metadata.NAME'],
      join: joinApart,
    }),
  }));
  const names = parsed.flatMap(({ template }) => template.names);
  const missing = SHOWN.find((name) => !names.includes(name));
  if (missing !== undefined)
    throw new InputError([{ message: `${what}: they do not show what is compared; use {{${missing}}}` }]);
  if (config.against === 'reference' && names.includes(config.reference)) {
    const message = `${what}: {{${config.reference}}} gives away which of the two answers is the reference; {{first}} and {{second}} show both`;
    throw new InputError([{ message }]);
  }
  return (task, first, second) => {
    const valueOf = (name: string): string => {
      if (SHOWN.includes(name)) return shield(name === 'first' ? first : second);
      const value = readTaskPath(task, name);
      if (value === undefined || (value === null && name === 'reference'))
        throw new InputError([{ message: `task ${task.id}: ${name} is missing; ${what} needs it` }]);
      return shield(toText(value));
    };
    return parsed.map(({ role, template }) => ({ role, content: template.fill(valueOf) }));
  };
}
