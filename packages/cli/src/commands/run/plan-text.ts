import { join } from 'node:path';
import type { TrainingPlan } from '@touchstone/run';
import { renderTable } from '../../terminal/table.js';
import { duration } from '../../terminal/text.js';

const count = (n: number): string => Math.round(n).toLocaleString('en');

/**
 * A training before it begins, for people: files, settings, and what it will take.
 *
 * @param fleet the servers that a step's answers need; null: not known.
 */
export function trainingPlanText(plan: TrainingPlan, fleet: string | null): string {
  const { backend, folder, files, settings } = plan;
  const parts = [`Trained by: ${backend}\n`];
  if (folder !== null) {
    parts.push(
      renderTable(
        [{ title: 'file' }, { title: 'what it is' }],
        files.map(({ path, about }) => [join(folder, path), about]),
      ),
      renderTable(
        [{ title: 'setting' }, { title: 'value' }, { title: 'becomes' }, { title: 'note' }],
        settings.map(({ setting, value, becomes, note }) => [
          setting,
          value,
          becomes ?? 'no counterpart',
          note,
        ]),
      ),
    );
  }
  parts.push(`${costText(plan)}\n`, `${timeText(plan)}\n`);
  const { remarks = [], costs } = plan;
  if (folder !== null) {
    parts.push(
      renderTable(
        [{ title: 'cost' }, { title: 'how much' }, { title: 'US dollars', align: 'right' }, { title: '' }],
        costs.map(({ what, amount, money, note }) => [
          what,
          amount,
          money === null ? 'not known' : money.toFixed(2),
          note,
        ]),
      ),
      `All of this as a page to agree to: ${join(folder, 'plan.md')}\n`,
    );
  }
  if (remarks.length > 0) parts.push(remarks.map((remark) => `- ${remark}\n`).join(''));
  if (fleet !== null) {
    parts.push(
      `The answers of a step, where they are judged apart from this command (touchstone reward bundle):\n${fleet}\n`,
    );
  }
  return `\n${parts.join('\n')}`;
}

const costText = ({
  backend,
  rollouts,
  evaluated,
  calls,
  money,
  answersAtMost = rollouts,
}: TrainingPlan): string =>
  `${count(rollouts)} answers in training${answersAtMost > rollouts ? ` (${count(answersAtMost)} ${backend === 'embedded' ? 'if no group has contrast' : 'if a batch is counted in prompts there'})` : ''} and ${count(evaluated)} in the evaluations: ` +
  (money === null && calls === 0
    ? 'calls and dollars are not known, since the judge is asked nothing about the answers at hand: set data.labelled.'
    : `about ${count(calls)} calls of judges` +
      (money === null
        ? '; a model that is asked has no `price` in the configuration, so that dollars are not known.'
        : `, about $${money.toFixed(2)}.`)) +
  ' Replies that are there already cost nothing; examining the judge comes before: touchstone judge --plan.';

const timeText = ({ steps, callSeconds, stepSeconds }: TrainingPlan): string => {
  const calls =
    callSeconds === null
      ? ''
      : ` By the judge's requests_per_minute its calls take ${duration(callSeconds * 1000)} at least.`;
  return stepSeconds === null
    ? `How long ${steps} steps take is not known before the first.${calls}`
    : `By the steps that are done, those left take ${duration(stepSeconds * 1000)}.${calls}`;
};
