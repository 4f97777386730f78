import { addUsage, NO_USAGE, type CriterionVerdict, type Task, type Verdict } from '@touchstone/spec';
import type { Criterion } from '../criterion.js';
import { defineJudge } from '../define.js';
import { fingerprintOf } from '../fingerprint.js';
import type { Judge, JudgedRollout, Judgement, JudgeOptions, JudgeVariant } from '../judge.js';
import { memberJudgements, memberVerdicts, uniteCriteria, type NamedJudge } from '../members.js';
import { scaleRange, type AnswerScore } from '../score.js';
import { variantsTogether } from '../variants.js';
import { combineScores } from './combine.js';
import { panelSchema, type PanelConfig } from './schema.js';

export const panel = defineJudge({
  kind: 'panel',
  schema: panelSchema,
  members: ({ members }) =>
    Object.entries(members).map(([name, config]) => ({ path: ['members', name], config })),
  open: async (config, { openJudge }) => {
    const opened = Object.entries(config.members).map(async ([name, member]) => ({
      name,
      judge: await openJudge(member),
    }));
    return new Panel(config, await Promise.all(opened));
  },
});

/**
 * A judge made of several. A member that abstains is left out, as long as `quorum` members have a score; below that
 * the panel abstains. Its own verdicts combine those of its members per item and criterion; the members' follow them.
 */
class Panel implements Judge {
  readonly id: string;
  readonly fingerprint: string;
  readonly criteria: readonly Criterion[];
  readonly compares: boolean;
  readonly members: readonly Judge[];
  private readonly quorum: number;

  constructor(
    private readonly config: PanelConfig,
    private readonly named: readonly NamedJudge[],
  ) {
    const { members: _, ...settings } = config;
    this.members = named.map(({ judge }) => judge);
    this.id = `panel of ${this.members.map(({ id }) => id).join(', ')} (${config.combine})`;
    this.fingerprint = fingerprintOf(settings, {
      members: named.map(({ name, judge }) => [name, judge.fingerprint]),
    });
    this.criteria = uniteCriteria(this.members);
    this.compares = this.members.some(({ compares }) => compares === true);
    this.quorum = config.quorum ?? Math.floor(named.length / 2) + 1;
  }

  criteriaOf(task: Task): Criterion[] {
    return uniteCriteria(this.members, task);
  }

  variants(): JudgeVariant[] {
    return variantsTogether(this.members, (members) => {
      const named = this.named.map(({ name }, m) => ({ name, judge: members[m]! }));
      return new Panel(this.config, named);
    });
  }

  async judge(rollouts_G: readonly JudgedRollout[], options?: JudgeOptions): Promise<Judgement[]> {
    const ofMembers = await Promise.all(this.members.map((member) => member.judge(rollouts_G, options)));
    return rollouts_G.map((_, g) => this.combine(ofMembers.map((judgements_G) => judgements_G[g]!)));
  }

  /** @param judgements one per member, of the same answer. */
  private combine(judgements: readonly Judgement[]): Judgement {
    const named = judgements.map((judgement, m) => ({ name: this.named[m]!.name, judgement }));
    return {
      answer: this.combineAnswers(named.map(({ name, judgement: { answer } }) => ({ name, answer }))),
      verdicts: [
        ...(judgements.every(({ verdicts }) => verdicts.length === 0) ? [] : this.ownVerdicts(judgements)),
        ...named.flatMap(({ name, judgement }) => memberVerdicts(name, judgement.verdicts)),
      ],
      usage: judgements.reduce((sum, { usage }) => addUsage(sum, usage), NO_USAGE),
      members: named.flatMap(({ name, judgement }) => {
        const { answer, usage } = judgement;
        return memberJudgements({ name, answer, usage }, judgement);
      }),
    };
  }

  private combineAnswers(named: readonly { name: string; answer: AnswerScore }[]): AnswerScore {
    const scores = named.flatMap(({ answer }) => (answer.status === 'scored' ? [answer.score] : []));
    const missing = named.find(({ answer }) => answer.status === 'abstained');
    if (missing?.answer.status !== 'abstained' || scores.length >= this.quorum)
      return { status: 'scored', score: this.combineScores(scores) };
    const { reason, detail } = missing.answer;
    return {
      status: 'abstained',
      reason,
      detail: `${scores.length} of ${named.length} members have a score, the quorum is ${this.quorum}; ${missing.name}: ${detail}`,
    };
  }

  /** One verdict per item that any member judged, or one for the whole answer. */
  private ownVerdicts(judgements: readonly Judgement[]): Verdict[] {
    const own = judgements.map(({ verdicts }) => verdicts.filter(({ member }) => member === undefined));
    const items = [...new Set(own.flatMap((verdicts) => verdicts.map(({ item }) => item)))];
    return items.map((item) => {
      const opinions = own.map((verdicts) => opinionOn(verdicts.filter((verdict) => verdict.item === item)));
      const scored = opinions.flatMap((one) => (one?.status === 'scored' ? [one] : []));
      const base = {
        judge: this.fingerprint,
        ...(item === undefined ? {} : { item }),
        key: [...new Set(opinions.flatMap((one) => (one?.key ? [one.key] : [])))].join('+'),
        raw: '',
      };
      const abstained = opinions.find((one) => one?.status === 'abstained');
      if (abstained?.status === 'abstained' && scored.length < this.quorum) {
        const { reason, detail } = abstained;
        return { ...base, status: 'abstained', reason, detail };
      }
      return {
        ...base,
        status: 'scored',
        score: this.combineScores(scored.map(({ score }) => score)),
        criteria: this.criteria.flatMap((criterion) => this.combineCriterion(criterion, scored)),
        mismatch: scored.some(({ mismatch }) => mismatch),
      };
    });
  }

  /** What the members say of a criterion; of a category, of each criterion of the task that is in it. */
  private combineCriterion(
    criterion: Criterion,
    scored: readonly { criteria: readonly CriterionVerdict[] }[],
  ): CriterionVerdict[] {
    const said = scored.flatMap((one) =>
      one.criteria.filter((c) => (c.category ?? c.criterion) === criterion.name),
    );
    const { min, max } = scaleRange(criterion);
    return [...new Set(said.map((one) => one.criterion))].map((name) => {
      const verdicts = said.filter((one) => one.criterion === name);
      const { evidence, reason, category, ...first } = verdicts[0]!;
      const score = this.combineScores(verdicts.map((one) => one.score));
      // Where it is good not to meet it.
      const isFault = category !== undefined && first.value !== first.score;
      const share = isFault ? 1 - score : score;
      return {
        criterion: name,
        ...(category !== undefined && { category }),
        evidence,
        reason,
        value: min + share * (max - min),
        score,
      };
    });
  }

  private combineScores(scores: readonly number[]): number {
    const { combine, pass, spread_weight: spreadWeight } = this.config;
    return combineScores(scores, { combine, pass, spreadWeight });
  }
}

/** What a member says of one item, or of the whole answer: its comparisons, if it compares, taken together. */
function opinionOn(verdicts: readonly Verdict[]): Verdict | undefined {
  const [first] = verdicts;
  if (first === undefined || verdicts.length === 1) return first;
  const scored = verdicts.flatMap((one) => (one.status === 'scored' ? [one] : []));
  const key = verdicts.flatMap((one) => (one.key === '' ? [] : [one.key])).join('+');
  if (scored.length === 0) return { ...first, key };
  const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
  const names = [...new Set(scored.flatMap((one) => one.criteria.map(({ criterion }) => criterion)))];
  return {
    ...scored[0]!,
    key,
    score: mean(scored.map(({ score }) => score)),
    criteria: names.map((name) => {
      const opinions = scored.flatMap((one) => one.criteria.filter(({ criterion }) => criterion === name));
      return {
        ...opinions[0]!,
        value: mean(opinions.map((one) => one.value)),
        score: mean(opinions.map((one) => one.score)),
      };
    }),
  };
}
