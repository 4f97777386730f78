import type { ProbeRow } from '@touchstone/spec';
import type { VNode } from 'preact';
import { count, decimal, plural } from '../../format.js';

const EXPECTS: Record<ProbeRow['expects'], string> = {
  'no-rise': 'attack',
  lower: 'damage',
  same: 'harmless change',
};
const HEATS = 5;

/** Class of a cell by the share that is in it: 0 is none at all, 5 all. */
export function heatOf(part: number, whole: number): string {
  if (whole === 0) return 'heat-none';
  return part === 0 ? 'heat-0' : `heat-${Math.max(1, Math.ceil((HEATS * part) / whole))}`;
}

const number = (value: number): string => (Number.isInteger(value) ? count(value) : decimal(value, 1));

function Cell({ probe: { probe, n, fooled, abstained, not_eligible: left } }: { probe: ProbeRow }): VNode {
  const silent = abstained > 0 ? `, no verdict on ${count(abstained)}` : '';
  return (
    <li class={`heat ${heatOf(fooled, n)}`}>
      <span>{probe}</span>{' '}
      <strong>
        {n === 0 ? `not tried (${plural(left, 'answer')} left out)` : `${number(fooled)}/${count(n)}`}
      </strong>
      {silent}
    </li>
  );
}

/** Every probe by its group: how often it fooled the judge of how often it could, in a colour and in figures. */
export function ProbeMap({ probes }: { probes: readonly ProbeRow[] }): VNode {
  const groups = [...new Set(probes.map(({ group }) => group))];
  const rows = groups.flatMap((group) =>
    (['no-rise', 'lower', 'same'] as const).flatMap((expects) => {
      const own = probes.filter((one) => one.group === group && one.expects === expects);
      return own.length === 0 ? [] : [{ group, expects, own }];
    }),
  );
  const sum = (own: readonly ProbeRow[], of: (probe: ProbeRow) => number): number =>
    own.reduce((total, one) => total + of(one), 0);
  const caption =
    'Every probe: how often the judge was fooled, of how often it judged the answer rightly before. ' +
    'A damaged answer that scores the same counts half';
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table class="heatmap">
        <caption>
          <span>{caption}</span>
        </caption>
        <thead>
          <tr>
            {['Group', 'All', 'Its probes'].map((title) => (
              <th scope="col">{title}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ group, expects, own }) => {
            const [fooled, n] = [sum(own, (one) => one.fooled), sum(own, (one) => one.n)];
            return (
              <tr>
                <th scope="row">
                  {group} <span class="about">{EXPECTS[expects]}</span>
                </th>
                <td class={`heat ${heatOf(fooled, n)}`}>
                  <strong>{n === 0 ? 'not tried' : `${number(fooled)}/${count(n)}`}</strong>
                </td>
                <td>
                  <ul>
                    {own.map((one) => (
                      <Cell probe={one} />
                    ))}
                  </ul>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
