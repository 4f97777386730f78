import type { EvaluationPlan, PlannedCalls } from '@touchstone/run';
import { renderTable } from '../../terminal/table.js';

const UNPRICED =
  'A model that is asked has no `price` in the configuration, or nothing is known of its answers: dollars are not known.';

/** What an evaluation would ask, for people. */
export function evaluationPlanText(plan: EvaluationPlan): string {
  const right = { align: 'right' as const };
  const columns = [
    { title: 'who is asked' },
    { title: 'by' },
    { title: 'answers', ...right },
    { title: 'calls', ...right },
    { title: 'tokens read, about', ...right },
    { title: 'written at most', ...right },
    { title: 'dollars, about', ...right },
  ];
  const row = ({ name, who, answers, calls, inputTokens, outputTokens, money }: PlannedCalls): string[] => [
    name,
    who,
    ...[answers, calls, inputTokens, outputTokens].map((count) => count.toLocaleString('en')),
    money?.toFixed(2) ?? '–',
  ];
  return `\n${renderTable(columns, [...plan.models, ...plan.judges].map(row))}\n${planLine(plan)}`;
}

/** The same in a line. */
export function planLine({ models, judges, calls, money }: EvaluationPlan): string {
  const answers = models.reduce((sum, one) => sum + one.answers, 0);
  const who = `${models.length} ${models.length === 1 ? 'model' : 'models'}, ${answers.toLocaleString('en')} ${answers === 1 ? 'answer' : 'answers'}`;
  if (judges.length === 0 && calls === 0 && money === 0) return `${who}: nothing is asked.\n`;
  const cost = money === null ? `. ${UNPRICED}` : `, about $${money.toFixed(2)} at most.`;
  return `${who}: about ${calls.toLocaleString('en')} calls${cost} Replies that are there already cost nothing.\n`;
}
