import { inRegistryOrder, type StepSummary, type Summary } from '@touchstone/spec';
import type { VNode } from 'preact';
import { monitorChart, REACH, rewardChart, seriesChart } from '../charts/curves.js';
import { count, decimal, duration, NO_DATA, plural } from '../format.js';
import { entry } from '../names.js';
import { Facts, Figure, metricCaption, metricTitle, Section } from './parts.js';

/** More lines than this cannot be told apart in one chart; the rest are in summary.json. */
export const MOST_LINES = 8;

function Curves({ steps }: { steps: readonly StepSummary[] }): VNode {
  const names = [...new Set(steps.flatMap(({ components }) => Object.keys(components)))];
  const series = names.slice(0, MOST_LINES).map((name) => ({
    name,
    points: steps.map(({ step, components }) => ({
      step,
      value: entry(components, name) ?? null,
    })),
  }));
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
          const points = steps.map(({ step, metrics }) => ({
            step,
            value: entry(metrics, metric.name) ?? null,
          }));
          return (
            <Figure title={metricTitle(metric)} caption={metricCaption(metric)}>
              {points.some(({ value }) => value !== null) ? (
                monitorChart(metric.label, points)
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
      {steps.length > 0 ? <Curves steps={steps} /> : <p>No training step was recorded: {NO_DATA}.</p>}
      <Facts
        rows={[
          ['Trained by', engineText(training.engine)],
          ['Algorithm', training.algorithm],
          ['Steps', count(training.steps)],
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
