import { z } from 'zod';

/**
 * What an alarm of a training does: `note` and `warn` say it, the latter as something that is wrong; `pause` stops the training until somebody
 * has looked; `rollback` does that too, and takes the weights of the best checkpoint back.
 */
export const MONITOR_ACTIONS = ['note', 'warn', 'pause', 'rollback'] as const;
export type MonitorAction = (typeof MONITOR_ACTIONS)[number];

/** Something that a monitor has seen in a training. */
export const monitorAlarmSchema = z.strictObject({
  monitor: z.string(),
  step: z.int(),
  /** It is above the threshold. */
  value: z.number(),
  threshold: z.number(),
  action: z.enum(MONITOR_ACTIONS),
  /** What was seen and what it may mean, in words. */
  reason: z.string(),
});
export type MonitorAlarm = z.infer<typeof monitorAlarmSchema>;

/** Whether training stops at it. */
export const pauses = ({ action }: Pick<MonitorAlarm, 'action'>): boolean =>
  action === 'pause' || action === 'rollback';

/** An alarm in a line. */
export const alarmText = ({ monitor, step, value, threshold, action, reason }: MonitorAlarm): string =>
  `${action === 'note' ? 'note' : 'alarm'} at step ${step}, ${monitor} ${value.toPrecision(3)} (above ${threshold}): ${reason}`;
