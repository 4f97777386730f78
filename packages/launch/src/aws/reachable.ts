import { modelsOf, type ScoringConfig } from '@touchstone/run';
import { isLoopback } from '@touchstone/serve';

/** Of the judge's models, those that only this machine can ask, with their addresses. */
export const onlyHere = (judge: ScoringConfig['judge']): { id: string; baseUrl: string }[] =>
  modelsOf(judge).flatMap(({ id, baseUrl }) =>
    baseUrl !== undefined && isLoopback(new URL(baseUrl).hostname) ? [{ id, baseUrl }] : [],
  );
