import type { JudgeDetails } from '@touchstone/spec';
import type { VNode } from 'preact';
import { count } from '../../format.js';
import { heatOf } from './probes.js';

/** How often each label met each verdict of one criterion. */
export function Confusion({
  table: { criterion, values, counts },
}: {
  table: JudgeDetails['confusion'][number];
}): VNode {
  const caption = `${criterion}: labels down, verdicts across`;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table class="confusion">
        <caption>
          <span>{caption}</span>
        </caption>
        <thead>
          <tr>
            <th scope="col">Label</th>
            {values.map((value) => (
              <th scope="col">says {value}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {values.map((label, row) => {
            const own = counts[row] ?? [];
            const all = own.reduce((sum, one) => sum + one, 0);
            return (
              <tr>
                <th scope="row">{label}</th>
                {values.map((_, column) => {
                  const met = own[column] ?? 0;
                  // Only what is off the diagonal is a mistake.
                  return <td class={`heat ${row === column ? 'heat-0' : heatOf(met, all)}`}>{count(met)}</td>;
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
