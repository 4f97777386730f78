import {
  NO_USAGE,
  type LanguageModel,
  type Message,
  type ModelReply,
  type Rollout,
  type Usage,
  type Verdict,
} from '@touchstone/spec';
import { z } from 'zod';
import { isBlank } from '../answer.js';
import type { Dispatcher } from '../dispatch/dispatcher.js';
import { modelFields } from '../providers/schema.js';
import { parseAnswerTemplate } from './answer-template.js';
import type { Judge } from './judge.js';
import { sha256 } from './marker.js';
import type { Criterion } from './schema.js';
import { readLabelReply, readScoreReply, SCORE_PARSER_VERSION } from './score-reply.js';
import { tagNeutraliser } from './template.js';

const graderFields = {
  ...modelFields,
  messages: z
    .array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string().min(1) }))
    .min(1)
    .meta({ description: 'The whole prompt: {{response}}, {{response.FIELD}}, {{metadata.NAME}}, …' }),
  max_tokens: z.int().positive().default(1024).meta({ description: 'Tokens of one reply' }),
  temperature: z.number().min(0).max(2).default(0).meta({ description: '0 is the steadiest' }),
  max_candidate_characters: z
    .int()
    .positive()
    .default(100_000)
    .meta({ description: 'Longer values are cut' }),
  concurrency: z.int().positive().default(8).meta({ description: 'Judge calls in flight at once' }),
  timeout_seconds: z
    .number()
    .positive()
    .max(3600)
    .default(120)
    .meta({ description: 'One attempt of a judge call' }),
  attempts: z.int().positive().default(5).meta({ description: 'Attempts of a judge call in all' }),
};

const scoreModelSchema = z.strictObject({
  kind: z.literal('score-model').meta({ description: 'A prompt of your own that is answered with a number' }),
  ...graderFields,
  range: z
    .tuple([z.number(), z.number()])
    .refine(([low, high]) => low < high, 'expected the lowest score first')
    .default([0, 1])
    .meta({ description: 'Lowest and highest score; a reply beyond them is no verdict' }),
});

const labelModelSchema = z
  .strictObject({
    kind: z
      .literal('label-model')
      .meta({ description: 'A prompt of your own that is answered with a label' }),
    ...graderFields,
    labels: z.array(z.string().min(1)).min(2).meta({ description: 'What the reply may be' }),
    passing_labels: z
      .array(z.string().min(1))
      .min(1)
      .meta({ description: 'Labels that score 1; the others 0' }),
  })
  .superRefine(({ labels, passing_labels }, context) => {
    const fail = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (new Set(labels.map((label) => label.trim().toLowerCase())).size < labels.length)
      fail('labels', 'expected labels that differ in more than their case');
    const unknown = passing_labels.find((label) => !labels.includes(label));
    if (unknown !== undefined) fail('passing_labels', `"${unknown}" is none of the labels`);
  });

export const graderSchema = z.discriminatedUnion('kind', [scoreModelSchema, labelModelSchema]);
export type GraderConfig = z.output<typeof graderSchema>;

/**
 * A judge that asks with the user's own messages and nothing else, as the model graders of OpenAI do, and reads a number
 * or a label. The score is (number − lowest) / (highest − lowest); of labels, 1 where it passes and 0 where not.
 *
 * The prompt is sent as it is, so there is no marker in it: a reply counts only if it states one single score. An answer
 * that lacks a field that the prompt shows, or is blank, is a bad answer: it scores 0 without a call.
 *
 * @param options.seed makes sampling repeatable; it is no part of the fingerprint.
 * @throws {InputError} for a placeholder that is not known.
 */
export function createGraderJudge(
  config: GraderConfig,
  model: LanguageModel,
  dispatcher: Dispatcher,
  options: { seed: number },
): Judge {
  const neutralise = tagNeutraliser(config.messages.map(({ content }) => content));
  const shield = (text: string): string => neutralise(truncate(text, config.max_candidate_characters));
  const templates = config.messages.map(({ role, content }) => ({
    role,
    template: parseAnswerTemplate(content, 'judge.messages', shield),
  }));
  const scale = scaleOf(config);
  const fingerprint = sha256(
    JSON.stringify([
      config.kind,
      [model.id, model.version],
      [config.messages, config.max_tokens, config.temperature, config.max_candidate_characters],
      config.kind === 'score-model' ? config.range : [config.labels, config.passing_labels],
      SCORE_PARSER_VERSION,
    ]),
  ).slice(0, 16);

  async function judgeOne(
    rollout: Pick<Rollout, 'task' | 'response'>,
    repeat: number,
  ): Promise<{ verdict: Verdict; usage: Usage }> {
    const messages: Message[] = [];
    for (const { role, template } of templates) {
      const filled = template.fill(rollout);
      if ('problem' in filled) {
        const verdict = {
          judge: fingerprint,
          key: '',
          raw: '',
          ...scored(scale.low, `not judged: ${filled.problem}`),
        };
        return { verdict, usage: NO_USAGE };
      }
      messages.push({ role, content: filled.text });
    }
    const key = `${fingerprint}-${sha256(JSON.stringify(messages)).slice(0, 32)}-${repeat}`;
    const request = {
      messages,
      maxOutputTokens: config.max_tokens,
      temperature: config.temperature,
      seed: parseInt(sha256(`${options.seed}/${key}`).slice(0, 7), 16),
    };
    const { reply, error, usage } = await dispatcher.call(model, request, key);
    const place = { judge: fingerprint, key, raw: reply?.text ?? '' };
    if (error) {
      const abstained = { status: 'abstained', reason: error.reason, detail: error.message } as const;
      return { verdict: { ...place, ...abstained }, usage };
    }
    return { verdict: { ...place, ...readReply(reply) }, usage };
  }

  function readReply(reply: ModelReply) {
    const abstained = (reason: 'truncation' | 'refusal' | 'unparseable', detail: string) =>
      ({ status: 'abstained', reason, detail }) as const;
    if (reply.finish === 'length') {
      const detail = `the reply was cut off at ${config.max_tokens} tokens; raise judge.max_tokens`;
      return abstained('truncation', detail);
    }
    if (reply.finish === 'refusal') return abstained('refusal', 'the judge model refused to answer');
    if (config.kind === 'label-model') {
      const read = readLabelReply(reply.text, config.labels);
      if ('problem' in read) return abstained('unparseable', read.problem);
      return scored(Number(config.passing_labels.includes(read.label)), read.label);
    }
    const read = readScoreReply(reply.text, config.range);
    return 'problem' in read ? abstained('unparseable', read.problem) : scored(read.score, '');
  }

  function scored(value: number, reason: string) {
    const score = (value - scale.low) / (scale.high - scale.low);
    const criteria = [{ criterion: scale.criterion.name, evidence: '', reason, value, score }];
    return { status: 'scored', score, criteria, mismatch: false } as const;
  }

  return {
    id: model.id,
    fingerprint,
    criteria: [scale.criterion],
    async judge(rollout, repeat = 0) {
      if (isBlank(rollout.response)) return { verdicts: [], usage: NO_USAGE };
      const { verdict, usage } = await judgeOne(rollout, repeat);
      return { verdicts: [verdict], usage };
    },
  };
}

function scaleOf(config: GraderConfig): { low: number; high: number; criterion: Criterion } {
  const question = 'What the messages of the judge ask for';
  if (config.kind === 'label-model')
    return { low: 0, high: 1, criterion: { name: 'passes', question, scale: 'boolean', weight: 1 } };
  const [low, high] = config.range;
  const anchors = { [low]: 'the lowest score', [high]: 'the highest score' };
  return { low, high, criterion: { name: 'score', question, scale: 'graded', anchors, weight: 1 } };
}

/** At most `limit` characters, cut between code points, with a note of how much is missing. */
function truncate(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  const shown = text.slice(0, last >= 0xd800 && last < 0xdc00 ? limit - 1 : limit);
  return `${shown}\n[truncated: ${shown.length} of ${text.length} characters are shown]`;
}
