import type { ScoringConfig } from './schema.js';

type WithParts = Partial<Pick<ScoringConfig, 'judge' | 'heldout_judge' | 'reward' | 'evaluation'>>;

/** Fields of a task's metadata that the configuration names, as `metadata.expected`: there they are meant as they stand. */
export function fieldsNamed({ judge, heldout_judge, reward, evaluation }: WithParts): ReadonlySet<string> {
  const text = JSON.stringify([judge, heldout_judge, reward, evaluation]);
  return new Set([...text.matchAll(/\bmetadata\.([\w-]+)/g)].map(([, name]) => name!));
}
