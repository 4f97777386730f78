import { NO_USAGE, type Message, type ModelReply, type Usage, type Verdict } from '@touchstone/spec';
import { isBlank } from '../../text/answer.js';
import { parseAnswerTemplate, type AnswerTemplate } from '../../text/answer-template.js';
import { neutraliser } from '../../text/template.js';
import { AskingJudge, type ModelAccess } from '../asking-judge.js';
import type { Criterion } from '../criterion.js';
import { defineJudge, type JudgeContext } from '../define.js';
import { NOTHING_TO_JUDGE, type JudgedRollout, type Judgement, type JudgeOptions } from '../judge.js';
import { sha256 } from '../marker.js';
import { once } from '../once.js';
import { truncate } from '../prompt.js';
import { answerOf } from '../score.js';
import { readLabelReply } from './label-reply.js';
import {
  labelModelSchema,
  labelsOf,
  scaleOf,
  scoreModelSchema,
  scoreOfLabel,
  type GraderConfig,
} from './schema.js';
import { readScoreReply, SCORE_PARSER_VERSION } from './score-reply.js';

const shared = {
  criteria: (config: GraderConfig) => [scaleOf(config).criterion],
  open: async (config: GraderConfig, { open, seed }: JudgeContext) =>
    new GraderJudge(config, await open(config), seed),
};
export const scoreModel = defineJudge({ kind: 'score-model', schema: scoreModelSchema, ...shared });
export const labelModel = defineJudge({ kind: 'label-model', schema: labelModelSchema, ...shared });

/**
 * A judge that asks with the user's own messages and nothing else, as the model graders of OpenAI do, and reads a number
 * or a label. The score is (number − lowest) / (highest − lowest); of labels, 1 where it passes and 0 where not, or what the
 * label is said to be worth.
 *
 * The prompt is sent as it is, so there is no marker in it: a reply counts only if it states one single score. An answer
 * that lacks a field that the prompt shows, or is blank, is a bad answer: it scores 0 without a call.
 */
class GraderJudge extends AskingJudge<GraderConfig> {
  readonly criteria: readonly Criterion[];
  private readonly templates: readonly { role: Message['role']; template: AnswerTemplate }[];
  private readonly scale: ReturnType<typeof scaleOf>;

  /** @throws {InputError} for a placeholder that is not known. */
  constructor(config: GraderConfig, access: ModelAccess, seed: number) {
    super(config, access, seed, SCORE_PARSER_VERSION);
    const neutralise = neutraliser(config.messages.map(({ content }) => content));
    const shield = (text: string): string => neutralise(truncate(text, config.max_candidate_characters));
    this.templates = config.messages.map(({ role, content }) => ({
      role,
      template: parseAnswerTemplate(content, 'judge.messages', shield),
    }));
    this.scale = scaleOf(config);
    this.criteria = [this.scale.criterion];
  }

  judge(rollouts_G: readonly JudgedRollout[], options: JudgeOptions = {}): Promise<Judgement[]> {
    return Promise.all(
      rollouts_G.map(async (rollout): Promise<Judgement> => {
        if (isBlank(rollout.response)) return NOTHING_TO_JUDGE;
        const { verdict, usage } = await this.judgeOne(rollout, options);
        return { answer: answerOf(verdict), verdicts: [verdict], usage };
      }),
    );
  }

  private async judgeOne(
    rollout: JudgedRollout,
    options: JudgeOptions,
  ): Promise<{ verdict: Verdict; usage: Usage }> {
    const judge = this.fingerprint;
    const messages: Message[] = [];
    for (const { role, template } of this.templates) {
      const filled = template.fill(rollout);
      if ('problem' in filled) {
        const verdict = this.scored(this.scale.low, `not judged: ${filled.problem}`);
        return { verdict: { judge, key: '', raw: '', ...verdict }, usage: NO_USAGE };
      }
      messages.push({ role, content: filled.text });
    }
    const content = sha256(JSON.stringify(messages)).slice(0, 32);
    const read = once((text: string) => this.readReply(text));
    const isRead = ({ text }: ModelReply): boolean => read(text).status === 'scored';
    const { key, raw, usage, ...result } = await this.send({ messages }, content, options, isRead);
    if (result.reply) return { verdict: { judge, key, raw, ...read(result.reply.text) }, usage };
    const { reason, detail } = result;
    return { verdict: { judge, key, raw, status: 'abstained', reason, detail }, usage };
  }

  private readReply(text: string) {
    const unparseable = (detail: string) => ({ status: 'abstained', reason: 'unparseable', detail }) as const;
    const { config } = this;
    if (config.kind === 'label-model') {
      const read = readLabelReply(text, labelsOf(config), config.verdict);
      if ('problem' in read) return unparseable(read.problem);
      return this.scored(scoreOfLabel(read.label, config), read.label);
    }
    const read = readScoreReply(text, config.range, config.verdict);
    return 'problem' in read ? unparseable(read.problem) : this.scored(read.score, '');
  }

  private scored(value: number, reason: string) {
    const { low, high, criterion } = this.scale;
    const score = (value - low) / (high - low);
    const criteria = [{ criterion: criterion.name, evidence: '', reason, value, score }];
    return { status: 'scored', score, criteria, mismatch: false } as const;
  }
}
