import { InputError, type Message, type Task } from '@touchstone/spec';
import { isTaskPath, readTaskPath, toText } from '../text/task-path.js';
import { joinApart } from '../text/control-tokens.js';
import { neutraliser, parseTemplate } from '../text/template.js';

export interface PromptSpec {
  /** The user's own template; with it `templates` are not used. */
  prompt: string | undefined;
  /** The default: what never changes comes first, so that providers can cache it, the candidate near the end. */
  templates: readonly Message[];
  /** Text of the placeholders that are the same in every call. */
  fixed: { objective: string; criteria: string; format: string };
  /** Names for the prompt, each with its place in the task. */
  inputs: Readonly<Record<string, string>>;
  /** Placeholders that show what is judged; `item.FIELD` stands for any field of an item. */
  slots: readonly string[];
  /** Placeholders of which a prompt must show one each; without them a judge would answer without looking. */
  required: readonly (readonly string[])[];
  /** Tags that a slot brings along, for example `<candidate>`. */
  slotTags?: string;
  /** Longer candidates are cut. */
  maxCandidateCharacters: number;
}

/** A prompt that lacks its marker only. */
export interface FilledPrompt {
  /** Every text that the templates hold, in the order of their placeholders; with the templates, all that is asked. */
  texts: readonly string[];
  render(marker: string): Rendered;
}

interface Rendered {
  messages: Message[];
  /** Characters of the last message that do not depend on the candidate or the marker: the same for all of a group. */
  sharedPrefix: number;
}

/** Turns a task and what is judged into messages. */
export interface Prompt {
  /** The templates as text: part of the fingerprint. */
  templates: readonly Message[];
  /** A candidate's text as a prompt may hold it: cut to size, unable to open or close a tag of the prompt, or a turn. */
  shield(text: string): string;
  /**
   * @param valueOf text of a slot, shielded.
   * @throws {InputError} when the task lacks an input.
   */
  fill(task: Task, valueOf: (slot: string) => string): FilledPrompt;
}

const COMMON = ['objective', 'criteria', 'format', 'marker', 'prompt', 'reference'];
const TAKEN = [...COMMON, 'response', 'item', 'answer_a', 'answer_b', 'candidates'];

/**
 * @throws {InputError} for an unknown placeholder, an input that is no place of a task, or a prompt that does not show
 *   what is judged or the marker.
 */
export function createPrompt(spec: PromptSpec): Prompt {
  assertInputs(spec.inputs);
  const { fixed, inputs } = spec;
  const templates: readonly Message[] =
    spec.prompt === undefined ? spec.templates : [{ role: 'user', content: spec.prompt }];
  const isSlot = (name: string): boolean =>
    spec.slots.some((slot) => (slot.endsWith('.FIELD') ? name.startsWith(slot.slice(0, -5)) : name === slot));
  const parsed = templates.map(({ role, content }) => ({
    role,
    template: parseTemplate(content, {
      what: 'judge.prompt',
      isKnown: (name) =>
        COMMON.includes(name) || isSlot(name) || Object.hasOwn(inputs, name) || isTaskPath(name),
      known: [...COMMON, ...spec.slots, ...Object.keys(inputs), 'metadata.NAME', 'reference.NAME'],
      join: joinApart,
    }),
  }));
  const names = [...new Set(parsed.flatMap(({ template }) => template.names))];
  assertShows(names, spec.required);

  const neutralise = neutraliser([...templates.map(({ content }) => content), spec.slotTags ?? '']);
  return {
    templates,
    shield: (text) => neutralise(truncate(text, spec.maxCandidateCharacters)),
    fill(task, valueOfSlot) {
      const textOf = (name: string): string => {
        if (name === 'objective' || name === 'criteria' || name === 'format') return fixed[name];
        if (isSlot(name)) return valueOfSlot(name);
        const path = Object.hasOwn(inputs, name) ? inputs[name]! : name;
        const value = readTaskPath(task, path);
        if (value === undefined)
          throw wrong(`task ${task.id}: ${path} is missing; the judge's prompt needs it`);
        return neutralise(toText(value));
      };
      const texts = new Map(names.filter((name) => name !== 'marker').map((name) => [name, textOf(name)]));
      const last = parsed.at(-1)!.template;
      return {
        texts: [...texts.values()],
        render(marker) {
          const valueOf = (name: string): string => texts.get(name) ?? marker;
          return {
            messages: parsed.map(({ role, template }) => ({ role, content: template.fill(valueOf) })),
            sharedPrefix: last.lengthUntil((name) => name === 'marker' || isSlot(name), valueOf),
          };
        },
      };
    },
  };
}

/** Whether a prompt has one of these placeholders. */
export const shows = (prompt: string, ...names: readonly string[]): boolean =>
  new RegExp(`\\{\\{\\s*(${names.join('|')})\\s*\\}\\}`).test(prompt);

function assertInputs(inputs: Readonly<Record<string, string>>): void {
  for (const [name, path] of Object.entries(inputs)) {
    if (TAKEN.includes(name)) throw wrong(`judge.inputs.${name}: the name is taken; choose another`);
    if (!isTaskPath(path)) {
      throw wrong(
        `judge.inputs.${name}: expected prompt, reference, reference.NAME or metadata.NAME, got "${path}"` +
          (path.split('.')[0] === 'truth' ? '; truth is for evaluation and never shown to a judge' : ''),
      );
    }
  }
}

function assertShows(names: readonly string[], required: readonly (readonly string[])[]): void {
  if (!names.includes('marker'))
    throw wrong('judge.prompt: {{marker}} is missing; a reply is only read if it repeats it');
  for (const slots of required) {
    const isShown = slots.some((slot) =>
      slot.endsWith('.FIELD')
        ? names.some((name) => name.startsWith(slot.slice(0, -5)))
        : names.includes(slot),
    );
    if (!isShown) throw wrong(`judge.prompt: it does not show what is judged; use {{${slots[0]}}}`);
  }
}

/** Sections of the task for a default prompt: the inputs, or the prompt where none are named, each in its tag. */
export function taskSections(inputs: Readonly<Record<string, string>>, withReference: boolean): string {
  const names = Object.keys(inputs);
  return [...(names.length > 0 ? names : ['prompt']), ...(withReference ? ['reference'] : [])]
    .map((name) => `<${name}>\n{{${name}}}\n</${name}>`)
    .join('\n\n');
}

/** At most `limit` characters, cut between code points, with a note of how much is missing. */
export function truncate(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  const shown = text.slice(0, last >= 0xd800 && last < 0xdc00 ? limit - 1 : limit);
  return `${shown}\n[truncated: ${shown.length} of ${text.length} characters are shown]`;
}

function wrong(message: string): InputError {
  return new InputError([{ message }]);
}
