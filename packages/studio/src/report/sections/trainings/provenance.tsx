import type { TrainingsSummary } from '@touchstone/spec';
import type { VNode } from 'preact';
import { count } from '../../format.js';
import { Facts, Section } from '../parts.js';

/** Where the figures of several trainings come from and how to have them again. */
export function TrainingsProvenance({ summary }: { summary: TrainingsSummary }): VNode {
  const { data, trainings } = summary;
  const seeds = trainings.map(({ seed }) => seed).join(', ');
  const alarms = [
    ...summary.alarms,
    ...trainings.flatMap(({ seed, alarms: own }) => own.map((text) => `seed ${seed}: ${text}`)),
  ];
  return (
    <Section id="provenance" title="Where the figures come from">
      <Facts
        rows={[
          ['Seeds of the trainings', seeds],
          ['Seed of the judge and of what is shared', String(summary.seed)],
          ['Training tasks', count(data.train_tasks)],
          ['Held-out tasks', count(data.eval_tasks)],
          ['Labelled answers', count(data.labelled)],
          ...Object.entries(summary.versions).map(([name, version]) => [name, version] as const),
        ]}
      />
      {alarms.length > 0 && (
        <>
          <h3>What somebody should look at</h3>
          <ul>
            {alarms.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </>
      )}
      <h3>To repeat it</h3>
      <p>
        Install the versions above and give the same <code>touchstone.yaml</code> (its resolved copy is{' '}
        <code>config.yaml</code> beside this file) and an empty output folder to{' '}
        <code>
          touchstone run --seed {summary.seed} --seeds {seeds.replaceAll(' ', '')}
        </code>
        . The judge was examined once, and the base evaluated once; every figure here is in{' '}
        <code>summary.json</code>, and the folder of each training has its own.
      </p>
    </Section>
  );
}
