import {
  criteriaOf,
  parseAnswer,
  readTaskPath,
  scaleRange,
  singleJudges,
  type Criterion,
  type JudgeConfig,
} from '@touchstone/core';
import { WHOLE } from '@touchstone/lab';
import { largest, type Task } from '@touchstone/spec';
import type { Given } from './journals.js';

/** A part of what a person is shown. */
export interface Section {
  title: string;
  text: string;
}

/** What people are asked, by the judge's configuration: its own criteria, of the answer or of each item of it. */
export interface Questions {
  criteria: readonly Criterion[];
  /** Whether it has none of its own, so that people say what the whole answer is worth. */
  isOfWhole: boolean;
  /** What is labelled of an answer: its items, or the whole. A text each. */
  itemsOf(answer: string): string[];
  /** What of a task is shown: the conversation, and what else the judge sees of it. */
  sectionsOf(task: Task): Section[];
  /** As the labelled file has it. */
  labelOf(criterion: Criterion, given: Exclude<Given, 'unsure'>): number | boolean;
}

/** In place of criteria, for a judge that scores or compares answers as a whole. */
const OF_WHOLE: Criterion = {
  name: WHOLE,
  question: 'How good is the answer?',
  scale: 'graded',
  anchors: { 1: 'useless', 3: 'usable with changes', 5: 'as good as it can be' },
  weight: 1,
};

export function questionsOf(judge: JudgeConfig): Questions {
  const own = criteriaOf(judge);
  const singles = singleJudges(judge).map(({ config }) => config);
  const byItem = singles.flatMap((one) =>
    one.kind === 'rubric' && one.unit === 'item' ? [one.max_items] : [],
  );
  const most = byItem.length > 0 ? largest(byItem) : null;
  const inputs = new Map(singles.flatMap((one) => ('inputs' in one ? Object.entries(one.inputs) : [])));
  return {
    criteria: own.length > 0 ? own : [OF_WHOLE],
    isOfWhole: own.length === 0,
    itemsOf: (answer) => {
      const parsed = parseAnswer(answer);
      if (most === null) return ['value' in parsed ? readable(parsed.value) : answer];
      // What is no list is no item: the judge gives it 0 unasked.
      return 'value' in parsed && Array.isArray(parsed.value)
        ? parsed.value.slice(0, most).map(readable)
        : [];
    },
    sectionsOf: (task) => sectionsOf(task, inputs),
    labelOf: ({ name }, given) => {
      if (own.length > 0) return given;
      const { min, max } = scaleRange(OF_WHOLE);
      return name === WHOLE ? (Number(given) - min) / (max - min) : given;
    },
  };
}

/** The values that a label may have, from the worst. */
export function levelsOf(criterion: Criterion): { value: Given; meaning: string | undefined }[] {
  if (criterion.scale === 'boolean') {
    return [
      { value: false, meaning: 'no' },
      { value: true, meaning: 'yes' },
    ];
  }
  const { min, max } = scaleRange(criterion);
  return Array.from({ length: max - min + 1 }, (_, i) => ({
    value: min + i,
    meaning: criterion.anchors?.[String(min + i)],
  }));
}

function sectionsOf(task: Task, inputs: ReadonlyMap<string, string>): Section[] {
  const last = task.messages.length - 1;
  const turns = task.messages.map(({ role, content }, i) => ({
    title: role === 'system' ? 'Task: system' : i === last ? 'Task' : `Task: ${role}`,
    text: content,
  }));
  const seen = new Set(task.messages.map(({ content }) => content));
  const named = [...inputs].map(([name, path]) => ({ title: name, value: readTaskPath(task, path) }));
  const hasReference = [...inputs.values()].some((path) => path.split('.')[0] === 'reference');
  const reference = hasReference ? [] : [{ title: 'Reference', value: task.reference }];
  const others = [...named, ...reference].flatMap(({ title, value }) => {
    const text = value === undefined || value === null ? '' : readable(value);
    // What the prompt holds already need not be read twice.
    if (text === '' || [...seen].some((content) => content.includes(text))) return [];
    return [{ title, text }];
  });
  return [...turns, ...others];
}

/** JSON over several lines, an object's texts as texts. */
function readable(value: unknown): string {
  if (typeof value === 'string') return value;
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isRecord || Object.values(value).some((one) => typeof one === 'object' && one !== null)) {
    return JSON.stringify(value, null, 2);
  }
  return Object.entries(value)
    .map(([name, one]) => `${name}: ${String(one)}`)
    .join('\n');
}
