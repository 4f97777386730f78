import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { random } from '@touchstone/spec';
import { writeWhole } from '@touchstone/store';
import { stringify } from 'yaml';
import type { Config } from '@touchstone/run';
import { documentOf, drawIssue, promptOf, taskLine, type PlantedIssue } from './contracts.js';
import {
  ANNOTATION_RATES,
  drawComment,
  drawHabit,
  exactComment,
  writeReview,
  type HabitRates,
  type ReviewComment,
} from './reviews.js';
import { SHOWN_CHARACTERS } from './strange.js';
import { CRITERIA, gradeComment, type Criterion } from './truth.js';
import { HELDOUT_JUDGE, TRAINING_JUDGE, type JudgeStyle } from './verdicts.js';

/** How much data the quickstart draws: tasks, or lines where a task has one. */
const SIZES = { train: 512, eval: 128, annotations: 300, labelled: 60, regression: 30 };
/** Labelled answers to one task. Training learns from the order among answers to one task, so that is what labels tell. */
const ANSWERS = 4;

const MODELS = fileURLToPath(new URL('../models', import.meta.url));

const REVIEW_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'A contract review',
  type: 'array',
  minItems: 1,
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['comment_id', 'text_excerpt', 'comment_type', 'comment', 'action'],
    properties: {
      comment_id: { type: 'string', minLength: 1 },
      text_excerpt: { type: 'string', minLength: 1 },
      comment_type: { enum: ['risk', 'compliant'] },
      comment: { type: 'string', minLength: 1 },
      action: { type: 'string', minLength: 1 },
    },
  },
};

const CRITERION_TEXTS: Record<Criterion, { question: string; anchors: Record<string, string> }> = {
  TargetDocument_Grounding: {
    question: 'Does the excerpt quote the clause of the TargetDocument that the Reference is about?',
    anchors: {
      '1': 'The excerpt quotes the Reference, or stands nowhere in the TargetDocument',
      '3': 'It quotes the TargetDocument, but a clause on another subject',
      '5': 'It quotes the clause on the subject, word for word',
    },
  },
  Reference_Consistency: {
    question: 'Do the type and the comment say rightly whether the clause keeps to the Reference?',
    anchors: {
      '1': 'They contradict the Reference, or state wrong figures',
      '3': 'The type is right, but the comment states no facts',
      '5': 'The type is right and the comment states the right figures',
    },
  },
  Actionability: {
    question: 'Can the action be carried out as it is written, and would it settle the matter?',
    anchors: {
      '1': 'It would be wrong to do it, or it changes the wrong figures',
      '3': 'It is right to do something, but it does not say what',
      '5': 'It says exactly what to change, or rightly that nothing needs changing',
    },
  },
};

/** Writes the quickstart's data and its touchstone.yaml, and returns the path of the latter. */
export async function prepareQuickstart(
  folder: string,
  seed: number,
  options: { annotationRates?: HabitRates; sizes?: Record<keyof typeof SIZES, number> } = {},
): Promise<string> {
  const data = join(folder, 'data');
  const lines = (name: string, items: readonly object[]): Promise<void> =>
    writeWhole(join(data, name), items.map((item) => `${JSON.stringify(item)}\n`).join(''));
  const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
  const rates = options.annotationRates ?? ANNOTATION_RATES;
  const sizes = options.sizes ?? SIZES;
  await Promise.all([
    lines(
      'train.jsonl',
      count(sizes.train).map((n) => withoutTruth(taskLine(seed, 'train', 'train', n))),
    ),
    lines(
      'eval.jsonl',
      count(sizes.eval).map((n) => taskLine(seed, 'heldout', 'eval', n)),
    ),
    lines(
      'annotations.jsonl',
      count(sizes.annotations).map((n) => annotationLine(seed, n, rates)),
    ),
    lines(
      'labelled.jsonl',
      count(sizes.labelled).flatMap((n) => labelledLines(seed, n)),
    ),
    lines(
      'regression.jsonl',
      count(sizes.regression).map((n) => regressionLine(seed, n)),
    ),
    writeWhole(join(folder, 'review.schema.json'), `${JSON.stringify(REVIEW_SCHEMA, null, 2)}\n`),
  ]);
  const path = join(folder, 'touchstone.yaml');
  await writeWhole(path, HEADER + stringify(configuration(folder, seed), { lineWidth: 0 }));
  return path;
}

const HEADER = '# Written by "touchstone quickstart". Change it and run it again: touchstone run .\n';

const withoutTruth = ({ truth: _, ...line }: ReturnType<typeof taskLine>): object => line;

function annotationLine(seed: number, n: number, rates: HabitRates): object {
  const draw = random(seed, 'annotation', n);
  const issue = drawIssue(draw, 'train');
  const answer = writeReview(draw, issue, drawHabit(draw, rates));
  return {
    id: `annotation-${n + 1}`,
    messages: [
      { role: 'user', content: promptOf(issue) },
      { role: 'assistant', content: answer },
    ],
  };
}

const judged = (id: string, issue: PlantedIssue, response: string): object => ({
  id,
  messages: [{ role: 'user', content: promptOf(issue) }],
  reference_answer: `${issue.guideline}.`,
  document: documentOf(issue),
  response,
});

/** Reviews of one contract, no two the same: now and then an exact one, and such as a policy in training may write. */
function labelledLines(seed: number, n: number): object[] {
  const draw = random(seed, 'labelled', n);
  const issue = drawIssue(draw, 'heldout');
  const reviews = new Map<string, ReviewComment>();
  while (reviews.size < ANSWERS) {
    const comment = draw.next() < 0.25 ? exactComment(issue) : drawComment(draw, issue);
    reviews.set(JSON.stringify([comment]), comment);
  }
  return [...reviews].map(([response, comment]) => ({
    ...judged(`labelled-${n + 1}`, issue, response),
    labels: [gradeComment(issue, comment)],
  }));
}

/** A third each: exact reviews, reviews with nothing right, and reviews that quote the Reference but are right otherwise. */
function regressionLine(seed: number, n: number): object {
  const issue = drawIssue(random(seed, 'regression', n), 'heldout');
  const comment = exactComment(issue);
  const id = `regression-${n + 1}`;
  if (n % 3 === 0) return { ...judged(id, issue, JSON.stringify([comment])), kind: 'good', min: 0.9 };
  comment.text_excerpt = issue.guideline;
  if (n % 3 === 1)
    return { ...judged(id, issue, JSON.stringify([comment])), kind: 'boundary', min: 0.5, max: 0.8 };
  comment.comment_type = issue.breach ? 'compliant' : 'risk';
  comment.action = issue.breach ? 'No change.' : `Change ${issue.value} to ${issue.limit}.`;
  return { ...judged(id, issue, JSON.stringify([comment])), kind: 'bad', max: 0.3 };
}

function judgeConfig(folder: string, model: string, { template, scale }: JudgeStyle): object {
  return {
    model: `local:${relative(folder, join(MODELS, model))}`,
    unit: 'item',
    objective: 'Judge one comment of a contract review.',
    criteria: CRITERIA.map((name) => {
      const { question, anchors } = CRITERION_TEXTS[name];
      return { name, question, scale, ...(scale === 'graded' ? { anchors } : {}) };
    }),
    prompt: template,
    // Decided in code: what is not in the contract is no quote of it.
    rules: [
      {
        criterion: 'TargetDocument_Grounding',
        value: scale === 'graded' ? 1 : false,
        when: { quote: 'text_excerpt', missing_from: 'metadata.document' },
      },
    ],
    inputs: { document: 'metadata.document' },
    max_candidate_characters: SHOWN_CHARACTERS,
    max_tokens: 160,
  };
}

/** The quickstart's configuration, as a user would write it. */
function configuration(folder: string, seed: number) {
  return {
    name: 'contract-review',
    seed,
    output: '.',
    policy: { model: `local:${relative(folder, join(MODELS, 'policy'))}`, max_tokens: 96, temperature: 1 },
    data: {
      train: 'data/train.jsonl',
      eval: 'data/eval.jsonl',
      annotations: 'data/annotations.jsonl',
      labelled: 'data/labelled.jsonl',
      regression: 'data/regression.jsonl',
    },
    judge: judgeConfig(folder, 'judge', TRAINING_JUDGE),
    heldout_judge: judgeConfig(folder, 'heldout', HELDOUT_JUDGE),
    reward: {
      judge_weight: 0.8,
      checks: [
        { type: 'json-schema', schema: 'review.schema.json', gate: true, weight: 0 },
        { type: 'grounding', quotes: 'text_excerpt', document: 'metadata.document', weight: 0.2 },
      ],
      // Answers of a group that are the same share one reply: one that cannot be read counts several times.
      abstention: { policy: 'mask', limit: 0.1 },
    },
    training: {
      steps: 40,
      prompts_per_step: 16,
      group_size: 8,
      learning_rate: 3e-4,
      kl_coefficient: 0.01,
      // Of most steps it is 0.02 to 0.1. One token that the policy hardly ever draws can make it 1, which undoes what was learnt.
      max_grad_norm: 0.1,
      checkpoint_every: 10,
      sft: { steps: 150, batch_size: 16, learning_rate: 1e-4, evaluate_every: 10 },
    },
    evaluation: {
      best_of: 4,
      truth: relative(folder, fileURLToPath(new URL('./truth.js', import.meta.url))),
    },
  } satisfies Partial<Record<keyof Config, unknown>>;
}
