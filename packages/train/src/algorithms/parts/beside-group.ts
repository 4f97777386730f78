import type { Algorithm, Circumstances } from '../algorithm.js';
import { relativeAdvantages, type DEVIATIONS } from './advantages.js';
import { corrected, type ErrorRates } from './error-rates.js';
import { resolved } from './settings.js';

interface Settings extends ErrorRates {
  deviation: (typeof DEVIATIONS)[number];
  deviation_floor: number | 'judge';
}

/** Advantages beside the group, as GRPO and what came of it have them, by the settings that they share. */
export function besideGroup(settings: Settings, { noise }: Circumstances): Algorithm['advantages'] {
  const { deviation, deviation_floor } = settings;
  const floor = resolved('deviation_floor', deviation_floor, noise, ({ error }) => error);
  return (groups_P) =>
    relativeAdvantages(
      groups_P.map(({ scores_G }) => corrected(scores_G, settings)),
      { deviation, floor },
    );
}
