import type { Summary } from '@touchstone/spec';
import type { VNode } from 'preact';
import { count, decimal, duration, NO_DATA } from '../format.js';
import { Facts, Section, Table } from './parts.js';

/** Where the figures come from and how to have them again. */
export function Provenance({ summary }: { summary: Summary }): VNode {
  const { data, stages } = summary;
  const total = stages.reduce((sum, { seconds }) => sum + seconds, 0);
  const share = (seconds: number): string =>
    total > 0 ? `${decimal((100 * seconds) / total, 0)}%` : NO_DATA;
  return (
    <Section id="provenance" title="Where the figures come from">
      <Facts
        rows={[
          ['Seed', String(summary.seed)],
          ['Training tasks', count(data.train_tasks)],
          ['Held-out tasks', count(data.eval_tasks)],
          ['Labelled answers', count(data.labelled)],
          ...Object.entries(summary.versions).map(([name, version]) => [name, version] as const),
        ]}
      />
      {summary.alarms.length > 0 && (
        <>
          <h3>What somebody should look at</h3>
          <ul>
            {summary.alarms.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </>
      )}
      {stages.length === 0 ? (
        <p>Stages: {NO_DATA}.</p>
      ) : (
        <Table
          caption="Wall time of each stage"
          head={['Stage', 'Time', 'Share']}
          rows={[
            ...stages.map(({ name, seconds }) => [name, duration(seconds), share(seconds)]),
            ['all', duration(total), share(total)],
          ]}
        />
      )}
      <h3>To repeat it</h3>
      <p>
        Install the versions above and give the same <code>touchstone.yaml</code> (its resolved copy is{' '}
        <code>config.yaml</code> beside this file), with the seed above and an empty output folder, to{' '}
        <code>touchstone run</code>. Every figure here is in <code>summary.json</code>; every rollout and
        verdict, with the judge's raw reply, is in <code>run.db</code>.
      </p>
    </Section>
  );
}
