import {
  NO_USAGE,
  type LanguageModel,
  type Message,
  type ModelReply,
  type ModelRequest,
  type Rollout,
  type Usage,
  type Verdict,
} from '@touchstone/spec';
import { isBlank } from '../../text/answer.js';
import type { Dispatcher } from '../../dispatch/dispatcher.js';
import { parseAnswerTemplate } from '../../text/answer-template.js';
import { fingerprintOf } from '../fingerprint.js';
import type { Judge, Judgement } from '../judge.js';
import type { AnswerScore } from '../score.js';
import { sha256 } from '../marker.js';
import { truncate } from '../prompt.js';
import { scaleOf, type GraderConfig } from './schema.js';
import { readLabelReply, readScoreReply, SCORE_PARSER_VERSION } from './score-reply.js';
import { tagNeutraliser } from '../../text/template.js';

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
  const fingerprint = fingerprintOf(config, { model, ours: SCORE_PARSER_VERSION });

  async function judgeOne(
    rollout: Pick<Rollout, 'task' | 'response'>,
    repeat: number,
    signal: AbortSignal | undefined,
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
    const content = sha256(JSON.stringify(messages)).slice(0, 32);
    const key = `${fingerprint}-${content}-${repeat}`;
    const request: ModelRequest = {
      messages,
      maxOutputTokens: config.max_tokens,
      temperature: config.temperature,
      seed: parseInt(sha256(`${options.seed}/${content}/${repeat}`).slice(0, 7), 16),
      ...(signal === undefined ? {} : { signal }),
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
    price: config.price,
    judge: (rollouts_G, { repeat = 0, signal } = {}) =>
      Promise.all(
        rollouts_G.map(async (rollout): Promise<Judgement> => {
          if (isBlank(rollout.response))
            return { answer: { status: 'scored', score: 0 }, verdicts: [], usage: NO_USAGE };
          const { verdict, usage } = await judgeOne(rollout, repeat, signal);
          const { status } = verdict;
          const answer: AnswerScore =
            status === 'scored'
              ? { status, score: verdict.score }
              : { status, reason: verdict.reason, detail: verdict.detail };
          return { answer, verdicts: [verdict], usage };
        }),
      ),
  };
}
