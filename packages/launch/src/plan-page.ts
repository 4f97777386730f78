import type { PlannedCost, TrainingPlan } from '@touchstone/run';
import { markdownTable, plainText, settingsTable } from './settings-text.js';

const count = (n: number): string => n.toLocaleString('en');
const dollars = (money: number): string =>
  // What costs something is not shown as nothing.
  money > 0 && money < 0.01
    ? 'less than $0.01'
    : `$${money.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;

/** `plan.md`: a training before it begins, on a page that somebody may sign. */
export function planPage(plan: TrainingPlan): string {
  const { backend, judge, remarks = [], answersAtMost = plan.rollouts } = plan;
  return `# ${plan.name}: a training by ${backend}, planned

Written by \`touchstone run --plan\` from touchstone.yaml. Nothing was sent and nothing was started.

${markdownTable(
  ['what', ''],
  [
    ['Trained', plan.policy],
    ['By', backend],
    ['Tasks', count(plan.trainTasks)],
    [
      'Steps',
      `${count(plan.steps)}, ${count(plan.rollouts)} answers in all` +
        (answersAtMost > plan.rollouts
          ? `; ${count(answersAtMost)} if ${backend} counts a batch in prompts, which the costs are for`
          : ''),
    ],
    ['Judge', `${judge.id}, fingerprint ${judge.fingerprint}`],
    ['Its certificate', judge.certificate ?? `none: ${judge.problem}`],
    ['Evaluated', `${count(plan.evaluated)} answers to held-out tasks`],
  ],
)}

The run examines the judge first, and trains only when it passes its gate.

## What it costs, about

${markdownTable(
  ['what', 'how much', 'US dollars', ''],
  [
    ...plan.costs.map(({ what, amount, money, note }) => [
      what,
      amount,
      money === null ? 'not known' : dollars(money),
      note,
    ]),
    ['**All**', '', totalOf(plan.costs), ''],
  ],
)}

Calls of judges are measured on the labelled answers, where there are any: longer answers, or lists with more items, cost more. Replies that are there already cost nothing. The examination of the judge comes before: \`touchstone judge --plan\`.

## What to know

${remarks.length > 0 ? remarks.map((remark) => `- ${plainText(remark)}`).join('\n') : 'Nothing beside the settings.'}

## What the settings became

${settingsTable(backend, plan.settings)}

## Files beside this page

${markdownTable(
  ['file', 'what it is'],
  plan.files.map(({ path, about }) => [path, about]),
)}

## Agreed

| name | date | signature |
| --- | --- | --- |
| | | |
`;
}

function totalOf(costs: readonly PlannedCost[]): string {
  const known = costs.reduce((sum, { money }) => sum + (money ?? 0), 0);
  const missing = costs.filter(({ money }) => money === null);
  return missing.length === 0
    ? dollars(known)
    : `${dollars(known)}, and what is not known of: ${missing.map(({ what }) => what).join(', ')}`;
}
