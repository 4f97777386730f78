import { largest, smallest, addUsage, NO_USAGE, type Task, type Verdict } from '@touchstone/spec';
import type { Criterion } from '../criterion.js';
import { defineJudge } from '../define.js';
import { fingerprintOf } from '../fingerprint.js';
import type {
  Judge,
  JudgedRollout,
  Judgement,
  JudgeOptions,
  JudgeVariant,
  MemberJudgement,
} from '../judge.js';
import { memberJudgements, memberVerdicts, uniteCriteria } from '../members.js';
import type { AnswerScore } from '../score.js';
import { variantsTogether } from '../variants.js';
import { cascadeSchema, type CascadeConfig } from './schema.js';

export const cascade = defineJudge({
  kind: 'cascade',
  schema: cascadeSchema,
  members: ({ first, second }) => [
    { path: ['first'], config: first },
    { path: ['second'], config: second },
  ],
  open: async (config, { openJudge }) =>
    new Cascade(config, await openJudge(config.first), await openJudge(config.second)),
});

/** What the first judge says of one answer, asked once or several times. */
interface Opinion {
  /** The mean of the repeats. */
  answer: AnswerScore;
  /** Of each repeat. */
  judgements: Judgement[];
  usage: Judgement['usage'];
  /** Why the second judge is asked; undefined when the first is sure. */
  doubt: string | undefined;
}

/**
 * A cheap judge first, a strong one where the cheap one abstained or is unsure. When the second compares answers, one
 * doubt sends the whole group to it: the scores of the two must not be mixed there.
 */
class Cascade implements Judge {
  readonly id: string;
  readonly fingerprint: string;
  readonly criteria: readonly Criterion[];
  readonly compares: boolean;
  readonly members: readonly Judge[];

  constructor(
    private readonly config: CascadeConfig,
    private readonly first: Judge,
    private readonly second: Judge,
  ) {
    const { first: _, second: __, ...settings } = config;
    this.id = `cascade of ${first.id}, ${second.id}`;
    this.fingerprint = fingerprintOf(settings, { members: [first.fingerprint, second.fingerprint] });
    this.criteria = uniteCriteria([first, second]);
    this.compares = first.compares === true || second.compares === true;
    this.members = [first, second];
  }

  criteriaOf(task: Task): Criterion[] {
    return uniteCriteria(this.members, task);
  }

  variants(): JudgeVariant[] {
    return variantsTogether(this.members, ([first, second]) => new Cascade(this.config, first!, second!));
  }

  async judge(rollouts_G: readonly JudgedRollout[], options: JudgeOptions = {}): Promise<Judgement[]> {
    const opinions_G = await this.askFirst(rollouts_G, options);
    const isDoubted = opinions_G.some(({ doubt }) => doubt !== undefined);
    const asked = rollouts_G.flatMap((_, g) =>
      opinions_G[g]!.doubt !== undefined || (this.second.compares && isDoubted) ? [g] : [],
    );
    const shown = asked.map((g) => rollouts_G[g]!);
    const strong = shown.length === 0 ? [] : await this.second.judge(shown, options);
    return rollouts_G.map((_, g) => {
      const place = asked.indexOf(g);
      return this.decide(opinions_G[g]!, place < 0 ? undefined : strong[place]);
    });
  }

  private async askFirst(
    rollouts_G: readonly JudgedRollout[],
    { repeat = 0, signal }: JudgeOptions,
  ): Promise<Opinion[]> {
    const { unsure } = this.config;
    const repeats = await Promise.all(
      Array.from({ length: unsure.repeats }, (_, r) =>
        this.first.judge(rollouts_G, { repeat: repeat * unsure.repeats + r, signal }),
      ),
    );
    return rollouts_G.map((_, g) =>
      opinionOf(
        repeats.map((judgements_G) => judgements_G[g]!),
        unsure,
      ),
    );
  }

  private decide({ answer, judgements, usage, doubt }: Opinion, strong: Judgement | undefined): Judgement {
    const decided = strong ?? judgements[0]!;
    const own = decided.verdicts
      .filter(({ member }) => member === undefined)
      .map((verdict): Verdict => ({
        ...verdict,
        judge: this.fingerprint,
        raw: '',
        note: doubt ?? 'the first judge is sure',
      }));
    const ofSecond: MemberJudgement[] = strong
      ? memberJudgements({ name: 'second', answer: strong.answer, usage: strong.usage }, strong)
      : [{ name: 'second', answer: null, usage: NO_USAGE }];
    return {
      answer: strong ? strong.answer : answer,
      verdicts: [
        ...own,
        ...judgements.flatMap(({ verdicts }) => memberVerdicts('first', verdicts)),
        ...memberVerdicts('second', strong?.verdicts ?? []),
      ],
      usage: addUsage(usage, strong?.usage ?? NO_USAGE),
      members: [...memberJudgements({ name: 'first', answer, usage }, judgements[0]!), ...ofSecond],
    };
  }
}

function opinionOf(judgements: Judgement[], unsure: CascadeConfig['unsure']): Opinion {
  const usage = judgements.reduce((sum, one) => addUsage(sum, one.usage), NO_USAGE);
  const scores: number[] = [];
  for (const { answer } of judgements) {
    if (answer.status === 'abstained')
      return {
        answer,
        judgements,
        usage,
        doubt: `the first judge abstained: ${answer.reason}: ${answer.detail}`,
      };
    scores.push(answer.score);
  }
  const score = scores.reduce((sum, one) => sum + one, 0) / scores.length;
  // Nothing was asked where there was nothing to judge: the strong judge would say the same, for free too.
  const wasAsked = judgements.some(({ verdicts }) => verdicts.some(({ key }) => key !== ''));
  const doubt = wasAsked ? doubtOf(judgements, scores, score, unsure) : undefined;
  return { answer: { status: 'scored', score }, judgements, usage, doubt };
}

function doubtOf(
  judgements: readonly Judgement[],
  scores: readonly number[],
  score: number,
  { between, disagreement, entropy }: CascadeConfig['unsure'],
): string | undefined {
  if (between && score >= between[0] && score <= between[1])
    return `the first judge's score ${score.toFixed(3)} is between ${between[0]} and ${between[1]}`;
  const spread = largest(scores) - smallest(scores);
  if (disagreement !== undefined && spread > disagreement)
    return `the first judge's repeats differ by ${spread.toFixed(3)}`;
  if (entropy === undefined) return undefined;
  const seen = judgements.flatMap(({ verdicts }) =>
    verdicts.flatMap((verdict) => (verdict.status === 'scored' ? verdict.criteria : [])),
  );
  const highest = Math.max(0, ...seen.map((one) => one.entropy ?? 0));
  return highest > entropy ? `the first judge's scores have entropy up to ${highest.toFixed(3)}` : undefined;
}
