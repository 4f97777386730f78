import { MONITOR_ACTIONS, type MonitorAlarm } from '@touchstone/spec';
import { z } from 'zod';
import type { Monitor, WatchedAnswer, WatchedRun, WatchedStep } from './monitor.js';
import { anchorDrift } from './table/anchor-drift.js';
import { checksGap } from './table/checks-gap.js';
import { diversity, opener } from './table/diversity.js';
import { heldoutGap } from './table/heldout-gap.js';
import { heldoutSilent } from './table/heldout-silent.js';
import { lengthDrift, lengthPays } from './table/length.js';
import { entropy, gradient, kl } from './table/optimisation.js';
import { refutedWinners } from './table/refuted-winners.js';
import { abstentions, oneCheck, saturation, zeroVariance } from './table/reward.js';
import { blank, markers } from './table/words.js';

/** Every monitor there is, in the order of lists. */
export const MONITORS = [
  refutedWinners,
  heldoutGap,
  heldoutSilent,
  anchorDrift,
  checksGap,
  markers,
  blank,
  lengthDrift,
  lengthPays,
  opener,
  diversity,
  oneCheck,
  saturation,
  zeroVariance,
  abstentions,
  gradient,
  kl,
  entropy,
] as const;
type MonitorName = (typeof MONITORS)[number]['name'];

const entrySchema = z.union(
  [
    z.literal('off'),
    z.strictObject({ threshold: z.number().optional(), action: z.enum(MONITOR_ACTIONS).optional() }),
  ],
  { error: `expected a threshold, an action (${MONITOR_ACTIONS.join(', ')}) or both, or off` },
);

const count = z.int().min(0);

/** `monitors:` of the configuration. */
export const monitorsSchema = z.strictObject({
  every: count
    .default(10)
    .describe(
      'Steps between two looks: at answers of the policy to held-out tasks, by the judge and the held-out judge, and at labelled answers, by the judge. 0: none',
    ),
  tasks: count
    .max(10_000)
    .default(32)
    .describe('Held-out tasks of a look, an answer each; they need heldout_judge'),
  winners: count
    .max(10_000)
    .default(8)
    .describe(
      'Groups of each step of which the held-out judge scores two answers that the judge holds for good, the best and the least; they need heldout_judge. 0: none',
    ),
  anchors: count
    .max(10_000)
    .default(32)
    .describe('Labelled tasks of which the judge is asked about an answer again at a look'),
  ...(Object.fromEntries(
    MONITORS.map(({ name, about, threshold, action }) => [
      name,
      entrySchema.optional().describe(`${about}. Above ${threshold}: ${action}`),
    ]),
  ) as Record<MonitorName, z.ZodOptional<typeof entrySchema>>),
});

/** How a training is watched. */
export type MonitorsConfig = z.output<typeof monitorsSchema>;

/** Figures of a step's answers that monitors read, by metric. */
export const figuresOfAnswers = (answers: readonly WatchedAnswer[]): Record<string, number | null> =>
  Object.assign({}, ...MONITORS.map((monitor: Monitor) => monitor.measure?.(answers) ?? {})) as Record<
    string,
    number | null
  >;

/** Steps for which a monitor must be quiet before it alarms again. */
const QUIET = 10;

/**
 * Watches a training: give it every step in order, and it says what begins to be wrong there. What has been said is said again only after
 * ten steps without it.
 */
export class Watch {
  private readonly history: WatchedStep[] = [];
  /** By monitor: the last step that was above its threshold. */
  private readonly lastAbove = new Map<string, number>();
  private readonly monitors: readonly Monitor[];

  constructor(
    config: Pick<MonitorsConfig, MonitorName>,
    private readonly run: WatchedRun,
  ) {
    this.monitors = MONITORS.flatMap((monitor): Monitor[] => {
      const entry = config[monitor.name];
      if (entry === 'off') return [];
      const { threshold = monitor.threshold, action = monitor.action } = entry ?? {};
      return [{ ...monitor, threshold, action }];
    });
  }

  /** @returns the alarms of this step, in the order of the table. */
  see(step: WatchedStep): MonitorAlarm[] {
    // One that was made again takes the place of what came of it before.
    while ((this.history.at(-1)?.step ?? 0) >= step.step) this.history.pop();
    this.history.push(step);
    return this.monitors.flatMap(({ name: monitor, threshold, action, read }) => {
      const reading = read(this.history, this.run);
      if (!reading || !(reading.value > threshold)) return [];
      const said = this.lastAbove.get(monitor);
      this.lastAbove.set(monitor, step.step);
      if (said !== undefined && step.step - said <= QUIET) return [];
      return [{ monitor, step: step.step, value: reading.value, threshold, action, reason: reading.reason }];
    });
  }
}
