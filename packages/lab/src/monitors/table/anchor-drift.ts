import { defineMonitor } from '../monitor.js';

/** The judge says something else of stored answers than before training: it is another judge now. */
export const anchorDrift = defineMonitor({
  name: 'anchor_drift',
  about:
    "How far the judge's scores of labelled answers are from those before training: the interval's end that is nearer to 0",
  threshold: 0.02,
  action: 'pause',
  read(history) {
    const looked = history.findLast(({ metrics }) => typeof metrics['anchor_shift'] === 'number');
    const shift = looked?.metrics['anchor_shift'];
    const error = looked?.metrics['anchor_error'];
    if (typeof shift !== 'number' || typeof error !== 'number') return null;
    return {
      value: Math.max(0, Math.abs(shift) - error),
      reason:
        `the judge scores the same labelled answers ${Math.abs(shift).toFixed(2)} ± ${error.toFixed(2)} ${shift > 0 ? 'higher' : 'lower'} than before training: ` +
        'its model or its prompt is not what was certified, and rewards before and after cannot be compared',
    };
  },
});
