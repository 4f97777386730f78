import { inRegistryOrder, largest, smallest } from '@touchstone/spec';
import type { RunSnapshot, SeenAnswer } from '@touchstone/run';
import { renderTable } from '../../terminal/table.js';
import { duration, oneLine } from '../../terminal/text.js';

const WIDTH = 100;
/** Of the alarms the newest, of the answers the best and the worst. */
const ALARMS = 5;
const ANSWERS = 3;
const BARS = '▁▂▃▄▅▆▇█';
const LATEST = 60;

/** A run as it is now, for people. @param columns of the terminal. */
export function snapshotText(snapshot: RunSnapshot, columns = WIDTH): string {
  const { name, stage, finished, alarms, answers, paid, idleMs, isAtWork } = snapshot;
  const now = stage ? stageText(stage, isAtWork) : 'no stage is at work';
  const parts = [
    `${oneLine(name)}: ${now}; last written ${duration(idleMs)} ago\n`,
    finished.length === 0
      ? ''
      : `Done: ${finished.map((one) => `${one.name} (${duration(one.seconds * 1000)})`).join(', ')}\n`,
    stepsText(snapshot),
    paid.length === 0 ? '' : paidTable(paid),
    answers.length === 0 ? '' : answersTable(snapshot.steps.at(-1)!.step, answers, columns),
    alarms.length === 0 ? '' : alarmsText(alarms),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

const stageText = ({ title, sinceMs }: NonNullable<RunSnapshot['stage']>, isAtWork: boolean): string =>
  isAtWork
    ? `${title}, for ${duration(sinceMs)}`
    : `${title}, begun ${duration(sinceMs)} ago, and no process is at work on it: the same command goes on from there`;

function stepsText({ steps, stepsWanted }: RunSnapshot): string {
  const last = steps.at(-1);
  if (!last) return '';
  const rewards = steps.flatMap(({ metrics: { reward } }) => (typeof reward === 'number' ? [reward] : []));
  const names = inRegistryOrder('step', Object.keys(last.metrics));
  const figures = names.flatMap(({ name, label, unit }) => {
    const value = last.metrics[name];
    return typeof value === 'number' ? [`${label} ${figure(value)}${unit === null ? '' : ` ${unit}`}`] : [];
  });
  const left = steps.length < stepsWanted ? leftText(steps, stepsWanted) : '';
  return `Step ${last.step} of ${stepsWanted}${left}\nReward ${bars(rewards.slice(-LATEST))}\n${figures.join(', ')}\n`;
}

function leftText(steps: RunSnapshot['steps'], wanted: number): string {
  const recent = steps.slice(-10);
  const mean = recent.reduce((sum, { seconds }) => sum + seconds, 0) / recent.length;
  return `, about ${duration(1000 * mean * (wanted - steps.length))} left`;
}

/** From the lowest to the highest of them. */
function bars(values: readonly number[]): string {
  const [low, high] = [smallest(values), largest(values)];
  const bar = (value: number): string =>
    BARS[high > low ? Math.round(((value - low) / (high - low)) * (BARS.length - 1)) : 0]!;
  return values.length === 0 ? 'none' : `${values.map(bar).join('')} ${figure(low)} to ${figure(high)}`;
}

const figure = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 3 });

const paidTable = (paid: RunSnapshot['paid']): string =>
  renderTable(
    [
      { title: 'paid for' },
      ...['calls', 'tokens in', 'tokens out', 'dollars'].map((title) => ({ title, align: 'right' as const })),
    ],
    paid.map(({ who, calls, inputTokens, outputTokens, money }) => [
      who,
      ...[calls, inputTokens, outputTokens].map((count) => count.toLocaleString('en')),
      money === null ? 'no price' : money.toFixed(2),
    ]),
  );

function answersTable(step: number, answers: readonly SeenAnswer[], columns: number): string {
  const shown =
    answers.length <= 2 * ANSWERS ? answers : [...answers.slice(0, ANSWERS), ...answers.slice(-ANSWERS)];
  const room = Math.max(20, Math.floor((columns - 20) / 2));
  const cut = (text: string): string => {
    const line = [...oneLine(text)];
    return line.length <= room ? line.join('') : `${line.slice(0, room - 1).join('')}…`;
  };
  return renderTable(
    [{ title: 'score', align: 'right' }, { title: `answer of step ${step}` }, { title: 'why' }],
    shown.map(({ score, response, reason }) => [
      score === null ? 'none' : score.toFixed(2),
      cut(response),
      cut(reason),
    ]),
  );
}

function alarmsText(alarms: RunSnapshot['alarms']): string {
  const rest = alarms.length - ALARMS;
  const shown = alarms.slice(-ALARMS).map(({ time, text }) => `${time.slice(11, 19)} ${oneLine(text)}\n`);
  return `Alarms${rest > 0 ? `, the newest ${ALARMS} of ${alarms.length}` : ''}:\n${shown.join('')}`;
}
