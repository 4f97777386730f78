import type { Criterion } from '@touchstone/core';

import { judgedParts, type Opinion, wasAsked } from './readings.js';

export type Part = ReturnType<typeof judgedParts>[number];

/** What an opinion says of one thing, which another opinion may say something else of. */
interface Said {
  /** A criterion by its own name, of an item if there are some; of a judge that compares, two answers. */
  cell: string;
  part: Part;
}

/** All that an opinion says. An abstention says nothing, and neither does what the judge was not asked about. */
export function saidIn({ verdicts }: Opinion, criteria: readonly Criterion[]): Said[] {
  return verdicts.filter(wasAsked).flatMap((verdict) => {
    if (verdict.status !== 'scored') return [];
    const against = verdict.outcome === undefined ? '' : verdict.against?.join();
    return judgedParts(verdict, criteria).map((part) => ({
      cell: `${verdict.item ?? ''} ${against} ${part.name}`,
      part,
    }));
  });
}

/** Chance that two different ones of at least two readings differ. */
export function chanceTwoDiffer(readings: readonly unknown[]): number {
  const counts = new Map<unknown, number>();
  for (const reading of readings) counts.set(reading, (counts.get(reading) ?? 0) + 1);
  const pairs = readings.length * (readings.length - 1);
  const equal = [...counts.values()].reduce((sum, count) => sum + count * (count - 1), 0);
  return 1 - equal / pairs;
}
