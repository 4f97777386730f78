import { InputError, type JsonValue, type Rollout } from '@touchstone/spec';
import { parseAnswer } from './answer.js';
import { joinApart } from './control-tokens.js';
import { parseTemplate } from './template.js';
import { isTaskPath, readPath, readTaskPath } from './task-path.js';

/** A text with placeholders for parts of the task and of the answer. */
export interface AnswerTemplate {
  /**
   * @param values of the further names that the template may hold.
   * @returns the text, or what the answer lacks for it.
   * @throws {InputError} when it is the task that lacks something.
   */
  fill(
    rollout: Pick<Rollout, 'task' | 'response'>,
    values?: Readonly<Record<string, string>>,
  ): { text: string } | { problem: string };
}

const KNOWN = [
  'response',
  'response.FIELD',
  'response_json',
  'prompt',
  'reference',
  'reference.NAME',
  'metadata.NAME',
];

function isKnown(name: string): boolean {
  return name === 'response_json' || /^response(\.[^.]+)*$/.test(name) || isTaskPath(name);
}

/**
 * Reads a template: `{{response}}` is the answer as it came, `{{response.FIELD}}` a field of the answer read as JSON,
 * `{{response_json}}` all of that, compact; the rest are places of the task. Text goes in as it is, other values as JSON.
 *
 * @param what names the template in messages.
 * @param shield for what a model is shown: done to every value before it goes in. Values and what stands around them then
 *   form no control token together either. By default nothing is done.
 * @param further names that are known too, with values that whoever fills the template has.
 * @throws {InputError} for a placeholder that is not known.
 */
export function parseAnswerTemplate(
  source: string,
  what: string,
  shield?: (text: string) => string,
  further: readonly string[] = [],
): AnswerTemplate {
  const join = shield && joinApart;
  const template = parseTemplate(source, {
    what,
    isKnown: (name) => further.includes(name) || isKnown(name),
    known: [...further, ...KNOWN],
    join,
  });
  return {
    fill({ task, response }, given = {}) {
      const values = new Map<string, string>();
      for (const name of template.names) {
        if (further.includes(name)) {
          values.set(name, shield?.(given[name]!) ?? given[name]!);
          continue;
        }
        if (!name.startsWith('response')) {
          const value = readTaskPath(task, name);
          if (value === undefined || (value === null && name === 'reference'))
            throw new InputError([{ message: `task ${task.id}: ${name} is missing; ${what} needs it` }]);
          values.set(name, shield?.(asText(value)) ?? asText(value));
          continue;
        }
        const text = fromAnswer(name, response);
        if (typeof text === 'object') return text;
        values.set(name, shield?.(text) ?? text);
      }
      return { text: template.fill((name) => values.get(name)!) };
    },
  };
}

function fromAnswer(name: string, response: string): string | { problem: string } {
  if (name === 'response') return response;
  const answer = parseAnswer(response);
  if (!('value' in answer)) return { problem: 'the answer is not JSON' };
  const value = readPath(answer.value, name.split('.').slice(1));
  if (value !== undefined) return asText(value);
  return { problem: `the answer has no ${name.slice('response.'.length)}` };
}

function asText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
