import { pauses, type MonitorAlarm, type Summary } from '@touchstone/spec';
import type { RunStore } from '@touchstone/store';

type Events = Pick<RunStore, 'events'>;

/** What monitors have told in this run, each alarm once. */
export function monitorAlarms(store: Events): MonitorAlarm[] {
  return alarmsAfter(store, 0);
}

/** Alarms that have stopped the training and for which nobody has said why to go on. */
export function openPauses(store: Events): MonitorAlarm[] {
  const answered = store.events().findLast(({ event }) => event.type === 'resumed')?.position ?? 0;
  return alarmsAfter(store, answered).filter(pauses);
}

/** Why training went on after it had been paused, in order. */
export const resumptions = (store: Events): Summary['resumed'] =>
  store
    .events()
    .flatMap(({ event }) => (event.type === 'resumed' ? [{ step: event.step, reason: event.reason }] : []));

/** What else somebody should look at, in words; a run that was stopped says some of it again. */
export const otherAlarms = (store: Events): string[] => [
  ...new Set(
    store.events().flatMap(({ event }) => (event.type === 'alarm' && !event.monitor ? [event.text] : [])),
  ),
];

const alarmsAfter = (store: Events, after: number): MonitorAlarm[] =>
  store
    .events(after)
    .flatMap(({ event }) => (event.type === 'alarm' && event.monitor ? [event.monitor] : []));
