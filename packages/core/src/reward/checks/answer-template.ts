import { InputError, type JsonValue, type Rollout } from '@touchstone/spec';
import { parseAnswer } from '../../answer.js';
import { parseTemplate } from '../../judge/template.js';
import { isTaskPath, readPath, readTaskPath } from '../../task-path.js';

/** A text with placeholders for parts of the task and of the answer. */
export interface AnswerTemplate {
  /**
   * @returns the text, or what the answer lacks for it.
   * @throws {InputError} when it is the task that lacks something.
   */
  fill(rollout: Pick<Rollout, 'task' | 'response'>): { text: string } | { problem: string };
}

export const TEMPLATE_NAMES = [
  'response',
  'response.FIELD',
  'prompt',
  'reference',
  'reference.NAME',
  'metadata.NAME',
];

/** Whether `name` may stand between `{{` and `}}`. */
export function isTemplateName(name: string): boolean {
  return (
    name === 'response' || name === 'response_json' || /^response(\.[^.]+)+$/.test(name) || isTaskPath(name)
  );
}

/**
 * Reads a template: `{{response}}` is the answer as it came, `{{response.FIELD}}` a field of the answer read as JSON,
 * `{{response_json}}` all of that, compact; the rest are places of the task. Text goes in as it is, other values as JSON.
 *
 * @param what names the template in messages.
 * @throws {InputError} for a placeholder that is not known.
 */
export function parseAnswerTemplate(source: string, what: string): AnswerTemplate {
  const template = parseTemplate(source, { what, isKnown: isTemplateName, known: TEMPLATE_NAMES });
  return {
    fill({ task, response }) {
      const values = new Map<string, string>();
      for (const name of template.names) {
        const value = name.startsWith('response') ? fromAnswer(name, response) : fromTask(name, task);
        if (typeof value === 'object') return value;
        values.set(name, value);
      }
      return { text: template.fill((name) => values.get(name)!) };
    },
  };
}

function fromTask(path: string, task: Rollout['task']): string {
  const value = readTaskPath(task, path);
  if (value === undefined || value === null) {
    throw new InputError([
      { message: `task ${task.id}: ${path} is missing; a check of the reward needs it` },
    ]);
  }
  return asText(value);
}

function fromAnswer(name: string, response: string): string | { problem: string } {
  if (name === 'response') return response;
  const answer = parseAnswer(response);
  if (!('value' in answer)) return { problem: 'the answer is not JSON' };
  const value = readPath(answer.value, name.split('.').slice(1));
  return value === undefined
    ? { problem: `the answer has no ${name.slice('response.'.length)}` }
    : asText(value);
}

function asText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
