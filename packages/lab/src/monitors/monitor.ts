import type { MonitorAction, Reward, StepSummary } from '@touchstone/spec';
import { meanOf } from '../statistics/values.js';

/** Of a training step, what monitors read. All of it is in run.db, so a resumed run says the same. */
export type WatchedStep = Pick<StepSummary, 'step' | 'metrics'>;

/** Of an answer of a training step, what figures are made of. */
export interface WatchedAnswer {
  /** Answers to one task of the step share it. */
  group: string;
  /** What the judge was shown. */
  text: string;
  tokens: number;
  reward: Reward;
  /** What the reward counted as after the abstention policy, 0–1; null: left out. */
  score: number | null;
}

/** What does not change over a run. */
export interface WatchedRun {
  /** Answers of a step. */
  answersPerStep: number;
  /** That it has when it is over. */
  steps: number;
}

/** A monitor's figure at the newest step. */
interface Reading {
  /** It alarms above the threshold. */
  value: number;
  /** What was seen and what it may mean, in words. */
  reason: string;
}

/** Looks at the steps of a training for one sign that something goes wrong. */
export interface Monitor<Name extends string = string> {
  /** Its key under `monitors:`. */
  name: Name;
  /** What its value is, in a sentence. */
  about: string;
  /** It alarms where the value is above. */
  threshold: number;
  action: MonitorAction;
  /** Figures of a step's answers that it reads, by the names that the registry of metrics has; null: nothing to measure. */
  measure?(answers: readonly WatchedAnswer[]): Record<string, number | null>;
  /**
   * Pure: the same steps give the same reading.
   *
   * @param history steps 1 to the newest
   * @returns null where too little is known
   */
  read(history: readonly WatchedStep[], run: WatchedRun): Reading | null;
}

/** A monitor with its name as a type: the keys of the configuration. */
export const defineMonitor = <const Name extends string>(monitor: Monitor<Name>): Monitor<Name> => monitor;

/** Steps at the beginning that later ones are compared with. */
const EARLY = 5;
/** Newest steps whose mean is taken: one step is mostly chance. */
const RECENT = 5;

const valuesOf = (steps: readonly WatchedStep[], name: string): number[] =>
  steps.flatMap(({ metrics }) => metrics[name] ?? []);

/** Mean of a figure over the newest steps; null where one of them lacks it. */
export function recentMean(history: readonly WatchedStep[], name: string, steps = RECENT): number | null {
  const values = valuesOf(history.slice(-steps), name);
  return values.length === steps ? meanOf(values) : null;
}

/** What a figure was at first and is now: means, over steps that do not overlap; null where there are too few. */
export function firstAndLast(
  history: readonly WatchedStep[],
  name: string,
  recent = RECENT,
): { first: number; last: number } | null {
  const last = recentMean(history, name, recent);
  const before = valuesOf(history.slice(0, -recent), name).slice(0, EARLY);
  return last === null || before.length < EARLY ? null : { first: meanOf(before), last };
}

/** The highest mean of a figure over steps that follow one another; null where there are too few that have it. */
export function bestMean(history: readonly WatchedStep[], name: string): number | null {
  const values = valuesOf(history, name);
  let best: number | null = null;
  for (let end = RECENT; end <= values.length; end++) {
    best = Math.max(best ?? -Infinity, meanOf(values.slice(end - RECENT, end)));
  }
  return best;
}

/** The newest values that there are of a figure that not every step has, oldest first; null where there are fewer. */
export function newest(history: readonly WatchedStep[], name: string, count: number): number[] | null {
  const found: number[] = [];
  for (let i = history.length - 1; i >= 0 && found.length < count; i--) {
    const value = history[i]!.metrics[name];
    if (typeof value === 'number') found.unshift(value);
  }
  return found.length === count ? found : null;
}

/** A share of answers. @returns null of none. */
export const shareOf = (
  answers: readonly WatchedAnswer[],
  holds: (answer: WatchedAnswer) => boolean,
): number | null => (answers.length === 0 ? null : answers.filter(holds).length / answers.length);

/** Answers by their groups. */
export function groupsOf(answers: readonly WatchedAnswer[]): WatchedAnswer[][] {
  const groups = new Map<string, WatchedAnswer[]>();
  for (const answer of answers) groups.set(answer.group, [...(groups.get(answer.group) ?? []), answer]);
  return [...groups.values()];
}

export const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
