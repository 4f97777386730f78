import { addUsage, NO_USAGE, type CriterionVerdict, type Verdict } from '@touchstone/spec';
import type { Criterion } from '../criterion.js';
import { fingerprintOf } from '../fingerprint.js';
import type { Judge, Judgement } from '../judge.js';
import type { PanelConfig } from '../schema.js';
import { scaleRange, type AnswerScore } from '../score.js';
import { combineScores } from './combine.js';
import { memberVerdicts, uniteCriteria, type NamedJudge } from './members.js';

/**
 * A judge made of several. A member that abstains is left out, as long as `quorum` members have a score; below that
 * the panel abstains. Its own verdicts combine those of its members per item and criterion; the members' follow them.
 */
export function createPanel(config: PanelConfig, members: readonly NamedJudge[]): Judge {
  const { combine, pass, spread_weight: spreadWeight } = config;
  const quorum = config.quorum ?? Math.floor(members.length / 2) + 1;
  const criteria = uniteCriteria(members.map(({ judge }) => judge));
  const fingerprint = fingerprintOf(config, {
    members: members.map(({ name, judge }) => [name, judge.fingerprint]),
  });
  const together = (scores: readonly number[]): number =>
    combineScores(scores, { combine, pass, spreadWeight });

  /** @param said one judgement per member, of the same answer. */
  function combineJudgements(said: readonly Judgement[]): Judgement {
    const named = said.map((judgement, m) => ({ name: members[m]!.name, ...judgement }));
    return {
      answer: combineAnswers(named),
      verdicts: [
        ...(said.every(({ verdicts }) => verdicts.length === 0) ? [] : ownVerdicts(said)),
        ...named.flatMap(({ name, verdicts }) => memberVerdicts(name, verdicts)),
      ],
      usage: said.reduce((sum, { usage }) => addUsage(sum, usage), NO_USAGE),
      members: named.flatMap(({ name, answer, usage, members: below = [] }) => [
        { name, answer, usage },
        ...below.map((one) => ({ ...one, name: `${name}.${one.name}` })),
      ]),
    };
  }

  function combineAnswers(named: readonly { name: string; answer: AnswerScore }[]): AnswerScore {
    const scores = named.flatMap(({ answer }) => (answer.status === 'scored' ? [answer.score] : []));
    const missing = named.find(({ answer }) => answer.status === 'abstained');
    if (missing?.answer.status !== 'abstained' || scores.length >= quorum)
      return { status: 'scored', score: together(scores) };
    const { reason, detail } = missing.answer;
    return {
      status: 'abstained',
      reason,
      detail: `${scores.length} of ${named.length} members have a score, the quorum is ${quorum}; ${missing.name}: ${detail}`,
    };
  }

  /** One verdict per item that any member judged, or one for the whole answer. */
  function ownVerdicts(said: readonly Judgement[]): Verdict[] {
    const own = said.map(({ verdicts }) => verdicts.filter(({ member }) => member === undefined));
    const items = [...new Set(own.flatMap((verdicts) => verdicts.map(({ item }) => item)))];
    return items.map((item) => {
      const opinions = own.map((verdicts) => opinionOn(verdicts.filter((verdict) => verdict.item === item)));
      const scored = opinions.flatMap((one) => (one?.status === 'scored' ? [one] : []));
      const base = {
        judge: fingerprint,
        ...(item === undefined ? {} : { item }),
        key: [...new Set(opinions.flatMap((one) => (one?.key ? [one.key] : [])))].join('+'),
        raw: '',
      };
      const abstained = opinions.find((one) => one?.status === 'abstained');
      if (abstained?.status === 'abstained' && scored.length < quorum) {
        const { reason, detail } = abstained;
        return { ...base, status: 'abstained', reason, detail };
      }
      return {
        ...base,
        status: 'scored',
        score: together(scored.map(({ score }) => score)),
        criteria: criteria.flatMap((criterion) =>
          combineCriterion(
            criterion,
            scored.flatMap((one) => one.criteria.filter((c) => c.criterion === criterion.name)),
          ),
        ),
        mismatch: scored.some(({ mismatch }) => mismatch),
      };
    });
  }

  function combineCriterion(criterion: Criterion, said: readonly CriterionVerdict[]): CriterionVerdict[] {
    if (said.length === 0) return [];
    const score = together(said.map((one) => one.score));
    const { min, max } = scaleRange(criterion);
    const [first] = said;
    const value = min + score * (max - min);
    return [{ criterion: criterion.name, evidence: first!.evidence, reason: first!.reason, value, score }];
  }

  return {
    id: `panel of ${members.map(({ judge }) => judge.id).join(', ')} (${combine})`,
    fingerprint,
    criteria,
    compares: members.some(({ judge }) => judge.compares === true),
    members: members.map(({ judge }) => judge),
    async judge(rollouts_G, options) {
      const said = await Promise.all(members.map(({ judge }) => judge.judge(rollouts_G, options)));
      return rollouts_G.map((_, g) => combineJudgements(said.map((judgements) => judgements[g]!)));
    },
  };
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
      const said = scored.flatMap((one) => one.criteria.filter(({ criterion }) => criterion === name));
      return {
        ...said[0]!,
        value: mean(said.map((one) => one.value)),
        score: mean(said.map((one) => one.score)),
      };
    }),
  };
}
