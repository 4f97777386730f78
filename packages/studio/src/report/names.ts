import type { JudgeFinding, ModelSummary } from '@touchstone/spec';

// A map, not an object literal: names come from files, and `constructor` is a name too.
const modelStyles = new Map([
  ['base', { label: 'Base', color: 'var(--base)' }],
  ['sft', { label: 'SFT', color: 'var(--sft)' }],
  ['rft', { label: 'RFT', color: 'var(--rft)' }],
]);

/** `rft` → `RFT`; another model keeps its own name. */
export function modelLabel(name: string): string {
  return modelStyles.get(name)?.label ?? name;
}

/** The model's color everywhere in the report, as a CSS variable (the stylesheet has a light and a dark value). */
export function modelColor(name: string): string {
  return modelStyles.get(name)?.color ?? 'var(--other)';
}

/** Class of an element that shows the model's color. */
export function modelClass(name: string): string {
  return modelStyles.has(name) ? `model-${name}` : 'model-other';
}

/** Models with base, SFT and RFT first, in that order, then the others as the summary has them. */
export function orderedModels(models: Record<string, ModelSummary>): [string, ModelSummary][] {
  const known = [...modelStyles.keys()];
  const rank = (name: string): number => (known.includes(name) ? known.indexOf(name) : known.length);
  return Object.entries(models).sort(([a], [b]) => rank(a) - rank(b));
}

/** What a record of a file holds under a name; undefined where it holds nothing, whatever the name is. */
export function entry<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** `flip_rate.Payment_terms` → `flip rate, Payment_terms`: what follows the point is a criterion's own name. */
export function findingName({ name }: Pick<JudgeFinding, 'name'>): string {
  const [of = '', ...part] = name.split('.');
  return [of.replaceAll('_', ' '), ...(part.length > 0 ? [part.join('.')] : [])].join(', ');
}
