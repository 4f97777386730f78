import { overrideCounterparts } from './counterparts.js';
import { ARTICLE } from './job.testing.js';
import { TARGETS, type Limits, type Target } from './key.js';
import { KEY_NAMES, KEYS, type KeyName } from './keys.js';

/*
 * The tables of docs/aws-training.md, row by row. `page.test.ts` holds the page against them.
 */

const code = (value: unknown): string => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;

const range = ({ values, min, max }: Limits): string =>
  values
    ? values.map((value) => JSON.stringify(value)).join(', ')
    : [min, max].some((end) => end !== undefined)
      ? `${min ?? ''}…${max ?? ''}`
      : '';

function limitsOf(key: KeyName): string {
  const { limits = {}, in: places } = KEYS[key];
  const own = range(limits);
  const others = TARGETS.flatMap((target) => {
    const place = places[target];
    const here = range(place?.limits ?? limits);
    const hub = range(place?.hub ?? {});
    return [
      ...(here !== own ? [`${target}: ${here}`] : []),
      ...(hub !== '' && hub !== here ? [`hub, ${target}: ${hub}`] : []),
    ];
  });
  return [own, ...others].filter((part) => part !== '').join('; ');
}

function cell(key: KeyName, target: Target): string {
  const place = KEYS[key].in[target];
  if (!place) return '';
  const name = place.path.split('.').pop()!;
  const value =
    place.default === undefined
      ? 'when given'
      : typeof place.default === 'string' && place.default.startsWith('${')
        ? 'at the end'
        : code(place.default);
  const only = place.only === undefined ? '' : ` (${place.only})`;
  return `${name === key ? '' : `${name}: `}${value}${only}`;
}

/** What may be overridden: its name, its default in each target, its limits. */
export const keyRows = (): string[][] =>
  KEY_NAMES.filter((key) => KEYS[key].from === undefined).map((key) => [
    code(key),
    ...TARGETS.map((target) => cell(key, target)),
    limitsOf(key),
  ]);

/** What the article's overrides become. */
export const articleRows = (): string[][] => {
  const columns = TARGETS.map((target) => overrideCounterparts(target, ARTICLE));
  return Object.entries(ARTICLE).map(([key, value], i) => [
    `${code(key)} ${code(value)}`,
    ...columns.map((column) => {
      const { becomes, note } = column[i]!;
      if (becomes !== null) return note.includes("hub's template takes") ? 'yes; the SDKs refuse it' : 'yes';
      return note.startsWith('refused') ? 'refused' : 'ignored';
    }),
  ]);
};
