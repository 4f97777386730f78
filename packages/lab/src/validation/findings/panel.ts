import type { Estimate } from '@touchstone/spec';

import { passes } from '../../pass.js';
import { krippendorffAlpha } from '../../statistics/agreement-of-many.js';
import { intervalOf, SIGNED } from '../../statistics/jackknife.js';
import { effectiveJudges, errorCorrelation } from '../../statistics/judge-errors.js';
import { groupBy } from '../../statistics/values.js';
import type { Evidence } from '../evidence.js';
import type { Finding } from '../finding.js';
import { scoreOf } from '../groups.js';
import { type JudgedAnswer, labelScore } from '../readings.js';
import { isLabelledWhole } from '../worth.js';

/**
 * Are several judges worth more than one? The members of a panel, or the judge where it has none, and the held-out judge: judges that
 * err on the same answers are one judge that is paid several times.
 */
export function panel({ answers, criteria }: Evidence): Finding[] {
  const members = [
    ...new Set(answers.flatMap(({ repeats }) => repeats[0]?.members ?? []).map(({ name }) => name)),
  ];
  const scores = answers.map((one) => scoresOf(one, members));
  const tasks = answers.map(({ answer }) => answer.task.id);
  const judges = Math.max(0, ...scores.map((row) => row.filter((score) => score !== null).length));
  const errors = answers.map(({ answer }, i) => {
    // Members’ scores are whole: labels of some criteria are not of the same.
    const label = isLabelledWhole(answer, criteria) ? labelScore(answer, criteria) : null;
    return scores[i]!.map((score) =>
      score === null || label === null ? null : passes(score) !== passes(label),
    );
  });
  const absent = judges > 1 ? undefined : 'there is one judge only: no members, no held-out judge';
  const correlation = intervalOf(groupBy(errors, tasks), (sample) => errorCorrelation(sample.flat()), SIGNED);
  return [
    {
      name: 'judges_alpha',
      description: 'Agreement of all judges on what an answer is worth: Krippendorff’s α, interval level.',
      estimate: intervalOf(
        groupBy(scores, tasks),
        (sample) => krippendorffAlpha(sample.flat(), 'interval'),
        SIGNED,
      ),
      absent,
    },
    {
      name: 'error_correlation',
      description:
        'Mean correlation of the errors of two judges, an error being to pass what the labels fail, or the contrary.',
      estimate: correlation,
      absent,
    },
    {
      name: 'effective_judges',
      description: `How many judges with independent errors the ${judges} are worth.`,
      estimate: correlation && worth(judges, correlation),
      absent,
    },
  ];
}

function scoresOf({ repeats, heldout }: JudgedAnswer, members: readonly string[]): (number | null)[] {
  const [first] = repeats;
  const own =
    members.length === 0
      ? [scoreOf(first)]
      : members.map((name) => {
          const answer = first?.members?.find((member) => member.name === name)?.answer;
          return answer?.status === 'scored' ? answer.score : null;
        });
  return [...own, scoreOf(heldout)];
}

/** The more correlated, the fewer. */
const worth = (judges: number, { mean, low, high, n }: Estimate): Estimate => ({
  mean: effectiveJudges(judges, mean),
  low: effectiveJudges(judges, high),
  high: effectiveJudges(judges, low),
  n,
});
