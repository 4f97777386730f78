import type { RewardComponent } from '@touchstone/spec';
import type { Judge, Judgement } from '../judge/judge.js';

/**
 * The judge as a whole; each criterion: its mean over the judge's own verdicts, null where it abstained or none names
 * it; and each member with what it cost. `judgement` is null where the judge was not asked.
 */
export function judgeComponents(
  judge: Judge,
  judgement: Judgement | null,
  weight: number,
): RewardComponent[] {
  const score = judgement?.answer.status === 'scored' ? judgement.answer.score : null;
  const verdicts = (judgement?.verdicts ?? []).filter(({ member }) => member === undefined);
  const whole: RewardComponent = { name: 'judge', kind: 'judge', score, weight };
  const isEmpty = score !== null && verdicts.length === 0;
  if (isEmpty) whole.detail = 'nothing to judge: expected a non-empty answer';
  const criteria = judge.criteria.map(({ name }): RewardComponent => {
    const values = verdicts.flatMap((verdict) =>
      verdict.status === 'scored'
        ? verdict.criteria.filter((one) => (one.category ?? one.criterion) === name).map((one) => one.score)
        : [],
    );
    const mean = values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
    return { name, kind: 'criterion', score: score === null ? null : isEmpty ? 0 : mean, weight: 0 };
  });
  const members = (judgement?.members ?? []).map(({ name, answer, usage }): RewardComponent => ({
    name: `judge.${name}`,
    kind: 'member',
    score: answer?.status === 'scored' ? answer.score : null,
    weight: 0,
    ...(answer === null
      ? { detail: 'not asked' }
      : answer.status === 'abstained'
        ? { detail: `${answer.reason}: ${answer.detail}` }
        : {}),
    usage,
  }));
  return [whole, ...criteria, ...members];
}
