import { InputError, type Task } from '@touchstone/spec';
import { isBlank } from '../../text/answer.js';
import { readTaskPath, toText } from '../../text/task-path.js';
import { AskingJudge, type ModelAccess, type ModelCallsConfig } from '../asking-judge.js';
import type { Criterion } from '../criterion.js';
import { distinctAnswers } from '../distinct.js';
import { NOTHING_TO_JUDGE, type JudgedRollout, type Judgement, type JudgeOptions } from '../judge.js';
import { sha256 } from '../marker.js';
import { answerOf } from '../score.js';
import { PRIOR_DEVIATION } from './bradley-terry.js';
import { bothWays, type Comparison, type OneWay } from './compare.js';
import { pairsOf } from './pairs.js';
import type { ComparingConfig } from './schema.js';
import { judgementsOfSiblings } from './siblings.js';
import { verdictOf } from './verdict.js';

/**
 * A judge that compares two answers at a time, in both orders.
 *
 * - Against a reference: win 1, tie or inconsistent ½, loss 0; where a verdict says how far, that.
 * - Against siblings: the score of an answer is what it can expect of a comparison with another member of its group,
 *   P(win) + P(tie) / 2 averaged over them, under strengths fitted to all comparisons (`fitStrengths`).
 *
 * A blank answer scores 0 and is shown to nobody; copies are compared once and tie with one another. An answer with
 * nobody to be compared with abstains (`alone`).
 */
export abstract class ComparingJudge<
  Config extends ComparingConfig & ModelCallsConfig & { max_tokens: number; temperature: number | null },
> extends AskingJudge<Config> {
  readonly criteria: readonly Criterion[] = [];
  readonly compares: boolean;

  constructor(config: Config, access: ModelAccess, seed: number, ours: readonly unknown[]) {
    super(config, access, seed, [...ours, PRIOR_DEVIATION]);
    this.compares = config.against === 'siblings';
  }

  /** Compares two answers, the first of which is shown first. */
  protected abstract compareOneWay(
    task: Task,
    first: string,
    second: string,
    options: JudgeOptions,
  ): Promise<OneWay>;

  /** Puts both orders together. */
  protected bothWays(forward: OneWay, backward: OneWay): Comparison {
    return bothWays(forward, backward);
  }

  judge(rollouts_G: readonly JudgedRollout[], options: JudgeOptions = {}): Promise<Judgement[]> {
    return this.compares
      ? this.judgeSiblings(rollouts_G, options)
      : Promise.all(rollouts_G.map((rollout) => this.judgeAgainstReference(rollout, options)));
  }

  private async judgeSiblings(
    rollouts_G: readonly JudgedRollout[],
    options: JudgeOptions,
  ): Promise<Judgement[]> {
    const { answers_D, places_G } = distinctAnswers(rollouts_G);
    const { round_robin_up_to: roundRobinUpTo, pivots, quorum } = this.config;
    const names = answers_D.map(({ response }) => sha256(response));
    const pairs = pairsOf(answers_D.length, { roundRobinUpTo, pivots }, this.seed, names);
    const played = await Promise.all(
      pairs.map(async ([i, j]) => ({
        i,
        j,
        comparison: await this.compare(answers_D[i]!, answers_D[j]!.response, options),
      })),
    );
    return judgementsOfSiblings(rollouts_G, { answers_D, places_G }, played, {
      judge: this.fingerprint,
      quorum,
    });
  }

  private async judgeAgainstReference(rollout: JudgedRollout, options: JudgeOptions): Promise<Judgement> {
    const { task, response } = rollout;
    const { reference } = this.config;
    if (isBlank(response)) return NOTHING_TO_JUDGE;
    const opponent = readTaskPath(task, reference);
    if (opponent === undefined || opponent === null)
      throw new InputError([
        { message: `task ${task.id}: ${reference} is missing; the judge compares answers with it` },
      ]);
    const comparison = await this.compare(rollout, toText(opponent), options);
    const verdict = verdictOf(comparison, 0, { judge: this.fingerprint, against: ['reference'] });
    return { answer: answerOf(verdict), verdicts: [verdict], usage: comparison.usage };
  }

  /** Compares an answer with another one twice, each shown first once. */
  private async compare(
    { task, response }: JudgedRollout,
    other: string,
    options: JudgeOptions,
  ): Promise<Comparison> {
    const [forward, backward] = await Promise.all([
      this.compareOneWay(task, response, other, options),
      this.compareOneWay(task, other, response, options),
    ]);
    return this.bothWays(forward, backward);
  }
}
