import type { Criterion } from './criterion.js';
import { shows } from './prompt.js';
import type { Rule } from './rubric/rules.js';
import { scaleRange } from './score.js';

/** What the list of criteria in a prompt follows from. */
interface CriteriaSettings {
  objective: string;
  criteria: Criterion[];
  criteria_per_call?: number | undefined;
  prompt?: string | undefined;
  rules?: Rule[];
  logprobs?: number | undefined;
}

/** The same criteria, the last one first; null where no call shows several of them, or a prompt of the user's own shows no list. */
export function reverseCriteria<Settings extends CriteriaSettings>(settings: Settings): Settings | null {
  const { criteria, criteria_per_call, prompt } = settings;
  if (criteria.length < 2 || criteria_per_call === 1) return null;
  if (prompt !== undefined && !shows(prompt, 'criteria', 'format')) return null;
  return { ...settings, criteria: criteria.toReversed() };
}

/** Scales up to this many levels above the lowest become ten times as large; the prompt lists every level. */
const MOST_STEPS = 10;
/** Levels have three digits at most. */
const MOST = 999;

/**
 * The same criteria with ten times the numbers on graded scales (1 to 5 becomes 10 to 50), or on a wide scale a tenth of them
 * (0 to 100 becomes 0 to 10); anchors, vetoes and rules likewise. Null where no scale can be changed so, and where
 *
 * - the user's own words name a number of a scale ("give 5 if …"), which would contradict the new one. Numbers that are
 *   written out ("give five if …") are not seen;
 * - a prompt of the user's own does not show the criteria;
 * - scores are read from the probabilities of tokens, which numbers of two digits have not one of.
 */
export function changeScale<Settings extends CriteriaSettings>(settings: Settings): Settings | null {
  const { criteria, prompt, rules, logprobs } = settings;
  if (logprobs !== undefined || (prompt !== undefined && !shows(prompt, 'criteria'))) return null;
  const changes = new Map(
    criteria.flatMap((criterion) => {
      const change = changeOf(criterion, rules ?? []);
      return change ? [[criterion.name, change] as const] : [];
    }),
  );
  const changed = criteria.filter(({ name }) => changes.has(name));
  if (changed.length === 0 || namesLevels(settings, changed)) return null;
  return {
    ...settings,
    criteria: criteria.map((criterion) => rescale(criterion, changes.get(criterion.name))),
    ...(rules && {
      rules: rules.map((rule) => {
        const change = changes.get(rule.criterion);
        return change ? { ...rule, value: change(Number(rule.value)) } : rule;
      }),
    }),
  };
}

type Change = (level: number) => number;

/** Undefined where the scale has no other that holds all its levels. */
function changeOf(criterion: Criterion, rules: readonly Rule[]): Change | undefined {
  if (criterion.scale === 'boolean') return undefined;
  const { min, max } = scaleRange(criterion);
  if (max - min <= MOST_STEPS && min * 10 >= -MOST && max * 10 <= MOST) return (level) => level * 10;
  const levels = [
    ...Object.keys(criterion.anchors ?? {}),
    ...(typeof criterion.veto === 'number' ? [criterion.veto] : []),
    ...rules.flatMap((rule) => (rule.criterion === criterion.name ? [rule.value] : [])),
  ].map(Number);
  return levels.every((level) => level % 10 === 0) ? (level) => level / 10 : undefined;
}

function rescale(criterion: Criterion, change: Change | undefined): Criterion {
  if (!change) return criterion;
  const { anchors = {}, veto } = criterion;
  return {
    ...criterion,
    anchors: Object.fromEntries(
      Object.entries(anchors).map(([level, text]) => [String(change(Number(level))), text]),
    ),
    ...(typeof veto === 'number' && { veto: change(veto) }),
  };
}

/** Whether the user's words hold a number that is on one of the scales; digits that are not ASCII are taken to be. */
function namesLevels({ objective, criteria, prompt = '' }: CriteriaSettings, changed: Criterion[]): boolean {
  const words = [
    objective,
    prompt.replace(/\{\{[^{}]*\}\}/g, ' '),
    ...criteria.flatMap(({ question, anchors = {} }) => [question, ...Object.values(anchors)]),
  ];
  const ranges = changed.map(scaleRange);
  return (words.join('\n').match(/\p{Nd}+/gu) ?? []).some((number) => {
    const value = Number(number);
    return Number.isNaN(value) || ranges.some(({ min, max }) => value >= min && value <= max);
  });
}
