import type { StepSummary, Summary } from '@touchstone/spec';
import type { VNode } from 'preact';
import { monitorChart, REACH, rewardChart, seriesChart } from '../charts/curves.js';
import { count, decimal, duration, NO_DATA, plural } from '../format.js';
import { Facts, Figure, Section } from './parts.js';

/** More lines than this cannot be told apart in one chart; the rest are in summary.json. */
const MOST_LINES = 8;

const MONITORS: { title: string; caption: string; value: (step: StepSummary) => number | null }[] = [
  { title: 'Answer length', caption: 'mean tokens', value: (s) => s.response_tokens },
  { title: 'Zero-variance groups', caption: 'share that teaches nothing', value: (s) => s.zero_variance },
  { title: 'Abstentions', caption: 'rollouts the judge could not score', value: (s) => s.abstained },
  { title: 'KL', caption: 'to the reference policy', value: (s) => s.kl },
  { title: 'Clip fraction', caption: 'share of tokens clipped', value: (s) => s.clip_fraction },
  { title: 'Gradient norm', caption: 'before clipping', value: (s) => s.grad_norm },
  { title: 'Loss', caption: 'of the policy update', value: (s) => s.loss },
];

function Curves({ steps }: { steps: readonly StepSummary[] }): VNode {
  const names = [...new Set(steps.flatMap(({ components }) => Object.keys(components)))];
  const series = names.slice(0, MOST_LINES).map((name) => ({
    name,
    points: steps.map(({ step, components }) => ({
      step,
      value: Object.hasOwn(components, name) ? (components[name] ?? null) : null,
    })),
  }));
  const left = names.length - series.length;
  return (
    <>
      <div class="grid curves">
        <Figure title="Reward" caption="mean of the step's rollouts, with its interval as a band">
          {rewardChart(
            steps.map((s) => ({ step: s.step, value: s.reward, low: s.reward_low, high: s.reward_high })),
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
        {MONITORS.map(({ title, caption, value }) => {
          const points = steps.map((step) => ({ step: step.step, value: value(step) }));
          return (
            <Figure title={title} caption={caption}>
              {points.some((point) => point.value !== null) ? monitorChart(title, points) : <p>{NO_DATA}</p>}
            </Figure>
          );
        })}
      </div>
    </>
  );
}

/** What training did, step by step. */
export function Training({ summary }: { summary: Summary }): VNode {
  const { training, steps } = summary;
  const { sft } = training;
  return (
    <Section id="training" title="How training went">
      {steps.length > 0 ? <Curves steps={steps} /> : <p>No training step was recorded: {NO_DATA}.</p>}
      <Facts
        rows={[
          ['Algorithm', training.algorithm],
          ['Steps', count(training.steps)],
          ['Rollouts', `${count(training.rollouts)}, ${count(training.abstained)} without a score`],
          ['Groups without variance', count(training.zero_variance_groups)],
          ['Tokens', `${count(training.tokens)}, ${count(training.tokens_per_second)} a second`],
          ['Wall time', duration(training.wall_seconds)],
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
