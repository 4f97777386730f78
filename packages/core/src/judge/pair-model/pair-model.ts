import type { Message, Task } from '@touchstone/spec';
import type { ModelAccess } from '../asking-judge.js';
import { defineJudge } from '../define.js';
import { readLabelReply } from '../grader/label-reply.js';
import { SCORE_PARSER_VERSION } from '../grader/score-reply.js';
import type { JudgeOptions } from '../judge.js';
import { sha256 } from '../marker.js';
import { once } from '../once.js';
import { bothWays, sameBothWays, type Comparison, type OneWay } from '../preference/compare.js';
import { ComparingJudge } from '../preference/comparing-judge.js';
import type { Preference } from '../preference/prompt.js';
import { createPairMessages } from './messages.js';
import { pairModelSchema, type PairModelConfig } from './schema.js';

export const pairModel = defineJudge({
  kind: 'pair-model',
  schema: pairModelSchema,
  criteria: () => [],
  open: async (config, { open, seed }) => new PairModelJudge(config, await open(config), seed),
});

/**
 * A judge that compares two answers with the user's own messages, and reads a label. What the label is worth to the answer shown
 * first says who wins: over ½ the first, under ½ the second. Labels of different worth (`[[A>>B]]`) say how far; the score of a
 * comparison is then the mean of both orders, and among siblings only who wins counts.
 *
 * For equivalence the label says the same of both answers, so that it has to be the same in both orders: what it is worth is the
 * score, `tie` from ½ and `loss` below, and anything else `inconsistent`.
 */
class PairModelJudge extends ComparingJudge<PairModelConfig> {
  private readonly fill: (task: Task, first: string, second: string) => Message[];

  /** @throws {InputError} for messages that do not show both answers, or what is not known. */
  constructor(config: PairModelConfig, access: ModelAccess, seed: number) {
    super(config, access, seed, [SCORE_PARSER_VERSION]);
    this.fill = createPairMessages(config);
  }

  protected async compareOneWay(
    task: Task,
    first: string,
    second: string,
    options: JudgeOptions,
  ): Promise<OneWay> {
    const messages = this.fill(task, first, second);
    const read = once((text: string) => this.readReply(text));
    const content = sha256(JSON.stringify(messages)).slice(0, 32);
    const isRead = ({ text }: { text: string }): boolean => !('problem' in read(text));
    const result = await this.send({ messages }, content, options, isRead);
    const { key, raw, usage } = result;
    if (!result.reply) return { key, raw, usage, reason: result.reason, detail: result.detail };
    const value = read(result.reply.text);
    return 'problem' in value
      ? { key, raw, usage, reason: 'unparseable', detail: value.problem }
      : { key, raw, usage, value };
  }

  protected override bothWays(forward: OneWay, backward: OneWay): Comparison {
    return this.config.mode === 'equivalence' ? sameBothWays(forward, backward) : bothWays(forward, backward);
  }

  private readReply(text: string): Preference | { problem: string } {
    const { label_scores, verdict } = this.config;
    const read = readLabelReply(text, Object.keys(label_scores), verdict);
    if ('problem' in read) return read;
    const worth = label_scores[read.label]!;
    const winner = worth === 0.5 ? 'tie' : worth > 0.5 ? 'A' : 'B';
    return { winner, worth, evidenceA: '', evidenceB: '', reason: read.label };
  }
}
