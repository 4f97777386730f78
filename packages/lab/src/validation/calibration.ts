import type { JudgeDetails } from '@touchstone/spec';

import { passes } from '../pass.js';
import { reliabilityBins } from '../statistics/calibration.js';
import { isotonic, outOfFold, platt } from '../statistics/calibration-maps.js';
import type { Pair } from '../statistics/pairs.js';
import type { Evidence } from './evidence.js';
import { worthsOf } from './worth.js';

/** Isotonic regression follows noise where there are fewer answers than about this many. */
const ENOUGH_FOR_ISOTONIC = 200;

/** Forecasts that an answer is good, beside whether its labels say so. */
export interface Forecasts {
  map: JudgeDetails['reliability'][number]['map'];
  pairs: Pair[];
  tasks: string[];
}

/** The judge's scores as they are, and mapped by a never-falling map that was fitted without the answer's own fifth of the tasks. */
export function forecasts(evidence: Evidence, seed: number): Forecasts[] {
  const tasks: string[] = [];
  const pairs: Pair[] = [];
  for (const [place, worth] of worthsOf(evidence).entries()) {
    if (!worth) continue;
    tasks.push(evidence.answers[place]!.answer.task.id);
    pairs.push([worth.judge, Number(passes(worth.label))]);
  }
  const map = pairs.length < ENOUGH_FOR_ISOTONIC ? 'platt' : 'isotonic';
  const mapped = outOfFold(pairs, tasks, map === 'platt' ? platt : isotonic, seed);
  return [
    { map: 'none', pairs, tasks },
    ...(mapped
      ? [{ map, pairs: pairs.map(([, outcome], i): Pair => [mapped[i]!, outcome]), tasks } as const]
      : []),
  ];
}

export function reliability(evidence: Evidence, seed: number): JudgeDetails['reliability'] {
  return forecasts(evidence, seed).flatMap(({ map, pairs }) =>
    pairs.length === 0 ? [] : [{ map, bins: reliabilityBins(pairs) }],
  );
}
