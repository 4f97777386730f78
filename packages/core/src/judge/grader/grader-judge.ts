import { NO_USAGE, type Message, type ModelReply, type Usage, type Verdict } from '@touchstone/spec';
import { isBlank } from '../../text/answer.js';
import { parseAnswerTemplate, type AnswerTemplate } from '../../text/answer-template.js';
import { neutraliser } from '../../text/template.js';
import { AskingJudge, type ModelAccess } from '../asking-judge.js';
import type { Criterion } from '../criterion.js';
import { NOTHING_TO_JUDGE, type JudgedRollout, type Judgement, type JudgeOptions } from '../judge.js';
import { sha256 } from '../marker.js';
import { once } from '../once.js';
import { truncate } from '../prompt.js';
import { answerOf, scoreCriteria, toScore } from '../score.js';
import { fieldsOf, type Field } from './fields.js';
import type { GraderConfig } from './schema.js';
import { SCORE_PARSER_VERSION } from './score-reply.js';

/**
 * A judge that asks with the user's own messages and nothing else, as the model graders of OpenAI do, and reads a number,
 * a label, or several of these. The score is (number − lowest) / (highest − lowest), where a label is the number that it is said
 * to be worth, or 1 where it passes and 0 where not; of several, their weighted mean.
 *
 * The prompt is sent as it is, so there is no marker in it: a reply counts only if it states each score, and each once. An answer
 * that lacks a field that the prompt shows, or is blank, is a bad answer: it scores 0 without a call.
 */
export class GraderJudge extends AskingJudge<GraderConfig> {
  readonly criteria: readonly Criterion[];
  private readonly templates: readonly { role: Message['role']; template: AnswerTemplate }[];
  private readonly fields: readonly Field[];

  /**
   * @param further placeholders besides the usual ones, whose values `grade` is given.
   * @throws {InputError} for a placeholder that is not known.
   */
  constructor(config: GraderConfig, access: ModelAccess, seed: number, further: readonly string[] = []) {
    super(config, access, seed, SCORE_PARSER_VERSION);
    const neutralise = neutraliser(config.messages.map(({ content }) => content));
    const shield = (text: string): string => neutralise(truncate(text, config.max_candidate_characters));
    this.templates = config.messages.map(({ role, content }) => ({
      role,
      template: parseAnswerTemplate(content, 'judge.messages', shield, further),
    }));
    this.fields = fieldsOf(config);
    this.criteria = this.fields.map(({ criterion }) => criterion);
  }

  judge(rollouts_G: readonly JudgedRollout[], options: JudgeOptions = {}): Promise<Judgement[]> {
    return Promise.all(
      rollouts_G.map(async (rollout): Promise<Judgement> => {
        if (isBlank(rollout.response)) return NOTHING_TO_JUDGE;
        const { verdict, usage } = await this.grade(rollout, options);
        return { answer: answerOf(verdict), verdicts: [verdict], usage };
      }),
    );
  }

  /** One verdict on an answer that is not blank. */
  async grade(
    rollout: JudgedRollout,
    options: JudgeOptions,
    values?: Readonly<Record<string, string>>,
  ): Promise<{ verdict: Verdict; usage: Usage }> {
    const judge = this.fingerprint;
    const messages: Message[] = [];
    for (const { role, template } of this.templates) {
      const filled = template.fill(rollout, values);
      if ('problem' in filled) {
        const verdict = this.scored(({ low }) => ({ value: low, said: `not judged: ${filled.problem}` }));
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
    const found = this.fields.map((field) => ({ field, read: field.read(text) }));
    for (const { field, read } of found) {
      if (!('problem' in read)) continue;
      const detail = found.length === 1 ? read.problem : `${field.criterion.name}: ${read.problem}`;
      return { status: 'abstained', reason: 'unparseable', detail } as const;
    }
    return this.scored((_, i) => found[i]!.read as { value: number; said: string });
  }

  private scored(sayingOf: (field: Field, i: number) => { value: number; said: string }) {
    const criteria = this.fields.map((field, i) => {
      const { value, said: reason } = sayingOf(field, i);
      const { criterion } = field;
      return { criterion: criterion.name, evidence: '', reason, value, score: toScore(criterion, value) };
    });
    const { score } = scoreCriteria(this.criteria, criteria);
    return { status: 'scored', score, criteria, mismatch: false } as const;
  }
}
