import { intervalOf, UNBOUNDED } from '../../statistics/jackknife.js';
import { groupBy, meanOf } from '../../statistics/values.js';
import type { Evidence } from '../evidence.js';
import type { Finding } from '../finding.js';
import { familyOf } from '../model-family.js';
import { worthsOf } from '../worth.js';

/**
 * What a judge gives answers of its own family of models more than they are worth, less what it gives others: the difference of the
 * differences, because a family may really write better answers.
 */
export function selfPreference(evidence: Evidence): Finding {
  const { answers, models } = evidence;
  const worths = worthsOf(evidence);
  const families = new Set(models.flatMap((model) => familyOf(model) ?? []));
  const tasks: string[] = [];
  const rows: { isOwn: boolean; excess: number }[] = [];
  for (const [place, { answer }] of answers.entries()) {
    const family = answer.model === undefined ? undefined : familyOf(answer.model);
    const worth = worths[place];
    if (family === undefined || !worth) continue;
    tasks.push(answer.task.id);
    rows.push({ isOwn: families.has(family), excess: worth.judge - worth.label });
  }
  const isMixed = rows.some(({ isOwn }) => isOwn) && rows.some(({ isOwn }) => !isOwn);
  return {
    name: 'self_preference',
    description:
      'By how much the judge overrates answers of its own family of models more than others (metadata `model` says who wrote an answer).',
    estimate: intervalOf(groupBy(rows, tasks), (sample) => difference(sample.flat()), UNBOUNDED),
    absent: isMixed
      ? undefined
      : 'no metadata says of answers which models wrote them, its own family and others',
  };
}

function difference(rows: readonly { isOwn: boolean; excess: number }[]): number | null {
  const mean = (own: boolean): number =>
    meanOf(rows.filter(({ isOwn }) => isOwn === own).map(({ excess }) => excess));
  const found = mean(true) - mean(false);
  return Number.isNaN(found) ? null : found;
}
