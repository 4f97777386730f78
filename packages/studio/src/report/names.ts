import type { Estimate, ModelSummary } from '@touchstone/spec';

/** The metrics every model has, in the order of the report. */
export const METRICS = [
  { key: 'json_valid', label: 'JSON validity', about: 'valid under the JSON Schema' },
  { key: 'judge_score', label: 'Judge score', about: 'the judge trained against' },
  { key: 'heldout_judge_score', label: 'Held-out judge score', about: 'a judge that training never saw' },
  { key: 'truth_score', label: 'Truth score', about: 'score against ground truth' },
  { key: 'best_of_k', label: 'Judge score, best of k', about: 'best of k sampled answers to a task' },
] as const;

export type MetricKey = (typeof METRICS)[number]['key'];

// Maps, not object literals: names come from files, and `constructor` is a name too.
const metricLabels = new Map<string, string>(METRICS.map(({ key, label }) => [key, label]));
const modelStyles = new Map([
  ['base', { label: 'Base', color: 'var(--base)' }],
  ['sft', { label: 'SFT', color: 'var(--sft)' }],
  ['rft', { label: 'RFT', color: 'var(--rft)' }],
]);

/** `judge_score` → `Judge score`; a criterion or check keeps its own name. */
export function metricLabel(name: string): string {
  return metricLabels.get(name) ?? name;
}

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

/** One estimate of a model by metric or component name; undefined where it has none. */
export function component(model: ModelSummary, name: string): Estimate | undefined {
  return Object.hasOwn(model.components, name) ? model.components[name] : undefined;
}
