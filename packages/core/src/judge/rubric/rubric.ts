import {
  addUsage,
  NO_USAGE,
  type CriterionVerdict,
  type LanguageModel,
  type Message,
  type ModelReply,
  type Rollout,
  type Usage,
  type Verdict,
} from '@touchstone/spec';
import type { Dispatcher } from '../../dispatch/dispatcher.js';
import type { Judge, JudgeOptions } from '../judge.js';
import { candidatesOf, type Candidate } from '../candidate.js';
import { deriveMarker, sha256 } from '../marker.js';
import { PARSER_VERSION, parseReply } from '../parse.js';
import { createRenderer } from '../render.js';
import { replySchema } from '../reply-format.js';
import type { Criterion, JudgeConfig } from '../schema.js';
import { answerScore, scaleRange, verdictScore } from '../score.js';

/**
 * A rubric judge over `model`.
 *
 * @param options.seed makes markers and sampling repeatable; it is no part of the fingerprint.
 * @throws {InputError} when the prompt or the inputs are wrong.
 */
export function createJudge(
  config: JudgeConfig,
  model: LanguageModel,
  dispatcher: Dispatcher,
  options: { seed: number },
): Judge {
  const renderer = createRenderer(config);
  const schema = replySchema(config.criteria);
  const fingerprint = sha256(
    JSON.stringify([
      [model.id, model.version, model.structuredOutput],
      renderer.templates,
      [config.objective, config.criteria, config.inputs, config.unit],
      [config.max_tokens, config.temperature, config.max_items, config.max_candidate_characters],
      [schema, PARSER_VERSION],
    ]),
  ).slice(0, 16);

  async function judgeOne(
    rollout: Pick<Rollout, 'task' | 'response'>,
    candidate: Candidate,
    { repeat = 0, signal }: JudgeOptions,
  ): Promise<{ verdict: Verdict; usage: Usage }> {
    const place = { judge: fingerprint, ...(candidate.item === undefined ? {} : { item: candidate.item }) };
    if (candidate.zero !== undefined) {
      const criteria = config.criteria.map((criterion) => zeroVerdict(criterion, candidate.zero!));
      return {
        verdict: { ...place, key: '', raw: '', status: 'scored', score: 0, criteria, mismatch: false },
        usage: NO_USAGE,
      };
    }
    // The marker depends on what is shown, so that the same question is always the very same call.
    const unmarked = textOf(renderer.render(rollout, candidate.value, ''));
    const marker = deriveMarker(`${options.seed}`, `${fingerprint}/${sha256(unmarked)}/${repeat}`, unmarked);
    const messages = renderer.render(rollout, candidate.value, marker);
    const content = sha256(textOf(messages));
    const key = `${fingerprint}-${content.slice(0, 32)}-${repeat}`;
    const { reply, error, usage } = await dispatcher.call(
      model,
      {
        messages,
        maxOutputTokens: config.max_tokens,
        temperature: config.temperature,
        seed: parseInt(sha256(`${options.seed}/${key}`).slice(0, 7), 16),
        schema,
        ...(signal ? { signal } : {}),
      },
      key,
    );
    if (error) {
      const abstained = { status: 'abstained', reason: error.reason, detail: error.message } as const;
      return { verdict: { ...place, key, raw: '', ...abstained }, usage };
    }
    return { verdict: { ...place, key, raw: reply.text, ...readReply(reply, marker, config) }, usage };
  }

  return {
    id: model.id,
    fingerprint,
    criteria: config.criteria,
    judge: (rollouts_G, asked = {}) =>
      Promise.all(
        rollouts_G.map(async (rollout) => {
          const candidates = candidatesOf(rollout.response, config.unit, config.max_items);
          const judged = await Promise.all(
            candidates.map((candidate) => judgeOne(rollout, candidate, asked)),
          );
          const verdicts = judged.map(({ verdict }) => verdict);
          const usage = judged.reduce((sum, one) => addUsage(sum, one.usage), NO_USAGE);
          return { answer: answerScore(verdicts), verdicts, usage };
        }),
      ),
  };
}

type Outcome =
  | { status: 'scored'; score: number; criteria: CriterionVerdict[]; mismatch: boolean }
  | { status: 'abstained'; reason: 'truncation' | 'refusal' | 'unparseable'; detail: string };

/** What a reply says. One that was cut off is never read: half a list of verdicts can look whole. */
function readReply(reply: ModelReply, marker: string, { criteria, max_tokens }: JudgeConfig): Outcome {
  if (reply.finish === 'length') {
    const detail = `the reply was cut off at ${max_tokens} tokens; raise judge.max_tokens`;
    return { status: 'abstained', reason: 'truncation', detail };
  }
  if (reply.finish === 'refusal') {
    return { status: 'abstained', reason: 'refusal', detail: 'the judge model refused to answer' };
  }
  const parsed = parseReply(reply.text, { marker, criteria });
  if ('problem' in parsed) return { status: 'abstained', reason: 'unparseable', detail: parsed.problem };
  return { status: 'scored', score: verdictScore(criteria, parsed.criteria), ...parsed };
}

function zeroVerdict(criterion: Criterion, reason: string): CriterionVerdict {
  return { criterion: criterion.name, evidence: '', reason, value: scaleRange(criterion).min, score: 0 };
}

/** Messages as one text, each part's length before it, so that no two lists of messages look the same. */
function textOf(messages: readonly Message[]): string {
  return messages.map(({ role, content }) => `${role} ${content.length}\n${content}\n`).join('');
}
