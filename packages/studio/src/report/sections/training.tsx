import { checkpointText, inRegistryOrder, type Summary } from '@touchstone/spec';
import type { VNode } from 'preact';
import { monitorChart, REACH, rewardChart, seriesChart } from '../charts/curves.js';
import { count, decimal, duration, NO_DATA, plural } from '../format.js';
import { entry } from '../names.js';
import { Facts, Figure, metricCaption, metricTitle, Section, Table } from './parts.js';

/** More lines than this cannot be told apart in one chart; the rest are in summary.json. */
export const MOST_LINES = 8;

function Curves({ steps, monitor_alarms }: Pick<Summary, 'steps' | 'monitor_alarms'>): VNode {
  const names = [...new Set(steps.flatMap(({ components }) => Object.keys(components)))];
  const series = names.slice(0, MOST_LINES).map((name) => ({
    name,
    points: steps.map(({ step, components }) => ({
      step,
      value: entry(components, name) ?? null,
    })),
  }));
  const alarms = monitor_alarms.flatMap(({ step, action }) => (action === 'note' ? [] : [step]));
  const left = names.length - series.length;
  const monitors = inRegistryOrder(
    'step',
    steps.flatMap(({ metrics }) => Object.keys(metrics)),
  ).filter(({ name }) => name !== 'reward');
  return (
    <>
      <div class="grid curves">
        <Figure title="Reward" caption="mean of the step's rollouts, with its interval as a band">
          {rewardChart(
            steps.map(({ step, metrics, intervals }) => ({
              step,
              value: metrics['reward'] ?? null,
              ...intervals['reward'],
            })),
            alarms,
          )}
        </Figure>
        <Figure
          wide
          title="Parts of the reward"
          caption={`bold: mean over ${2 * REACH + 1} steps, in longer runs${left > 0 ? `; ${left} more in summary.json` : ''}`}
        >
          {series.length > 0 ? seriesChart(series) : <p>{NO_DATA}</p>}
        </Figure>
      </div>
      <div class="grid charts">
        {monitors.map((metric) => {
          // A step that does not measure it is no gap in the line.
          const points = steps.flatMap(({ step, metrics }) => {
            const value = entry(metrics, metric.name);
            return value === undefined ? [] : [{ step, value }];
          });
          return (
            <Figure title={metricTitle(metric)} caption={metricCaption(metric)}>
              {points.some(({ value }) => value !== null) ? (
                monitorChart(metric.label, points, alarms)
              ) : (
                <p>{NO_DATA}</p>
              )}
            </Figure>
          );
        })}
      </div>
    </>
  );
}

/** Losses of supervised fine-tuning; nothing where there is none, or an older run has kept none. */
function SupervisedCurves({ sft }: { sft: Summary['training']['sft'] }): VNode | null {
  if (!sft || sft.curve.length === 0) return null;
  const { curve } = sft;
  const loss = curve.map(({ step, loss: value }) => ({ step, value }));
  const held = curve.map(({ step, validation_loss: value }) => ({ step, value }));
  return (
    <div class="grid charts">
      <Figure title="SFT: loss" caption="nats a token, on the answers that it learns from">
        {monitorChart('SFT loss', loss)}
      </Figure>
      <Figure
        title="SFT: validation loss"
        caption="nats a token, on answers that are held back; the lowest is kept"
      >
        {monitorChart('SFT validation loss', held)}
      </Figure>
    </div>
  );
}

/** What monitors have seen, and why training went on where one had paused it. */
function Alarms({ monitor_alarms, resumed }: Pick<Summary, 'monitor_alarms' | 'resumed'>): VNode | null {
  if (monitor_alarms.length === 0) return null;
  return (
    <>
      <Table
        caption="What monitors have seen; what is more than a note is marked on the curves"
        head={['Step', 'Monitor', 'Value', 'Threshold', 'Action', 'What it may mean']}
        rows={monitor_alarms.map(({ step, monitor, value, threshold, action, reason }) => [
          count(step),
          monitor,
          decimal(value, 3),
          String(threshold),
          action,
          reason,
        ])}
      />
      {resumed.map(({ step, reason }) => (
        <p key={step}>
          Training went on after step {count(step)} although it had been paused: <q>{reason}</q>
        </p>
      ))}
    </>
  );
}

/** Name and versions; runs of before say nothing. */
const engineText = (engine: Summary['training']['engine']): string =>
  engine === null
    ? NO_DATA
    : [
        engine.name,
        ...(engine.hosted ? [engine.hosted.job] : []),
        ...Object.entries(engine.versions).map(([name, version]) => `${name} ${version}`),
      ].join(', ');

const countOf = (value: number | null): string => (value === null ? NO_DATA : count(value));

/** A figure of the answers, which a cloud service does not show. */
const shown = (value: number | null, say: (count: string) => string = (text) => text): string =>
  value === null ? 'the service shows no answers' : say(count(value));

/** What training did, step by step. */
export function Training({ summary }: { summary: Summary }): VNode {
  const { training, steps } = summary;
  const { sft } = training;
  return (
    <Section id="training" title="How training went">
      {steps.length > 0 ? <Curves {...summary} /> : <p>No training step was recorded: {NO_DATA}.</p>}
      <SupervisedCurves sft={sft} />
      <Alarms {...summary} />
      <Facts
        rows={[
          ['Trained by', engineText(training.engine)],
          ['Algorithm', training.algorithm],
          ['Steps', count(training.steps)],
          ...(training.checkpoint
            ? [['Evaluated checkpoint', checkpointText(training.checkpoint)] as const]
            : []),
          [
            'Rollouts',
            shown(training.rollouts, (n) => `${n}, ${countOf(training.abstained)} without a score`),
          ],
          ['Groups without variance', shown(training.zero_variance_groups)],
          ['Tokens', shown(training.tokens, (n) => `${n}, ${countOf(training.tokens_per_second)} a second`)],
          ['Wall time', training.wall_seconds === null ? NO_DATA : duration(training.wall_seconds)],
          [
            'SFT before it',
            sft
              ? `${plural(sft.steps, 'step')} on ${plural(sft.examples, 'example')} in ${duration(sft.wall_seconds)}; ` +
                `best at step ${count(sft.best_step)}, validation loss ${decimal(sft.validation_loss, 3)}`
              : 'none',
          ],
        ]}
      />
    </Section>
  );
}
