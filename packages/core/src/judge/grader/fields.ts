import type { Criterion } from '../criterion.js';
import { readLabelReply } from './label-reply.js';
import type { VerdictPlace } from './said.js';
import { labelsOf, type GraderConfig } from './schema.js';
import { readScoreReply } from './score-reply.js';

/** One score that a grader's reply states: how it is read, and the criterion that it becomes. */
export interface Field {
  criterion: Criterion;
  low: number;
  high: number;
  /** `said` is the label, where it is one. */
  read(text: string): { value: number; said: string } | { problem: string };
}

const QUESTION = 'What the messages of the judge ask for';

/** What the replies of a grader state. */
export function fieldsOf(config: GraderConfig): Field[] {
  switch (config.kind) {
    case 'score-model':
      return [numberField(graded('score', config.range), config.range, config.verdict)];
    case 'label-model': {
      const { passing_labels, label_scores, verdict, range = [0, 1] } = config;
      if (label_scores !== undefined)
        return [labelField(graded('score', range), label_scores, range, verdict)];
      const passes: Criterion = { name: 'passes', question: QUESTION, scale: 'boolean', weight: 1 };
      const scores = labelsOf(config).map(
        (label) => [label, Number(passing_labels?.includes(label))] as const,
      );
      return [labelField(passes, Object.fromEntries(scores), range, verdict)];
    }
    case 'fields-model':
      return Object.entries(config.fields).map(([name, field]) => {
        const { label_scores, weight, range = [0, 1], verdict = { key: name } } = field;
        const criterion = { ...graded(name, range), weight };
        return label_scores === undefined
          ? numberField(criterion, range, verdict)
          : labelField(criterion, label_scores, range, verdict);
      });
  }
}

type Range = readonly [number, number];

function graded(name: string, [low, high]: Range): Criterion {
  const anchors = { [low]: 'the lowest score', [high]: 'the highest score' };
  return { name, question: QUESTION, scale: 'graded', anchors, weight: 1 };
}

function numberField(criterion: Criterion, range: Range, place: VerdictPlace | undefined): Field {
  const [low, high] = range;
  return {
    criterion,
    low,
    high,
    read(text) {
      const read = readScoreReply(text, range, place);
      return 'problem' in read ? read : { value: read.score, said: '' };
    },
  };
}

function labelField(
  criterion: Criterion,
  scores: Readonly<Record<string, number>>,
  [low, high]: Range,
  place: VerdictPlace | undefined,
): Field {
  const labels = Object.keys(scores);
  return {
    criterion,
    low,
    high,
    read(text) {
      const read = readLabelReply(text, labels, place);
      return 'problem' in read ? read : { value: scores[read.label]!, said: read.label };
    },
  };
}
