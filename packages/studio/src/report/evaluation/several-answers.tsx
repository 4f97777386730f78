import type { Estimate, EvaluatedModel, EvaluationSummary } from '@touchstone/spec';
import type { VNode } from 'preact';
import { decimal } from '../format.js';
import { Section, Table } from '../sections/parts.js';
import { Cell, ModelName } from './levels.js';
import { metricLabel, modelOf } from './verdict.js';

const BY = {
  judge: 'by the judge',
  heldout: 'by the held-out judge',
  truth: 'against ground truth',
} as const;

/** What several answers to a task are worth: the best of k, and whether k all pass. */
export function SeveralAnswers({ summary }: { summary: EvaluationSummary }): VNode {
  const names = summary.model_order;
  const models = names.map((name) => modelOf(summary, name));
  const best = keysOf(models.flatMap(({ best_of }) => best_of.map(({ k }) => k)));
  const measured = (Object.keys(BY) as (keyof typeof BY)[]).filter((by) =>
    models.some(({ best_of }) => best_of.some((one) => one[by] !== null)),
  );
  const passes = keysOf(
    models.flatMap(({ pass }) => pass.map(({ metric, threshold }) => JSON.stringify({ metric, threshold }))),
  ).map((key) => JSON.parse(key) as { metric: string; threshold: number });
  const ks = keysOf(models.flatMap(({ pass }) => pass.map(({ k }) => k)));
  const head = names.map((name) => <ModelName name={name} />);
  if (best.length === 0 && ks.every((k) => k === 1)) {
    return (
      <Section id="several" title="Several answers a task">
        <p>There is one answer a task: neither best of k nor pass^k can be told.</p>
      </Section>
    );
  }
  return (
    <Section id="several" title="Several answers a task">
      {best.length > 0 && (
        <Table
          caption="Best of k: the judge picks one of k answers; what the pick is worth. It only rises by the judge itself; by others it falls where the judge's mistakes are picked."
          head={['Pick, scored', 'k', ...head]}
          rows={measured.flatMap((by) =>
            best.map((k) => [
              BY[by],
              String(k),
              ...models.map(({ best_of }) => <Cell estimate={best_of.find((one) => one.k === k)?.[by]} />),
            ]),
          )}
        />
      )}
      {passes.length > 0 && (
        <Table
          caption="pass^k: the chance that k answers to a task all pass"
          head={['An answer passes by', 'k', ...head]}
          rows={passes.flatMap(({ metric, threshold }) =>
            ks.map((k) => [
              threshold === 1 ? metricLabel(metric) : `${metricLabel(metric)}, from ${decimal(threshold)}`,
              String(k),
              ...models.map((model) => <Cell estimate={passOf(model, metric, k)} />),
            ]),
          )}
        />
      )}
    </Section>
  );
}

const passOf = ({ pass }: EvaluatedModel, metric: string, k: number): Estimate | null =>
  pass.find((one) => one.metric === metric && one.k === k)?.estimate ?? null;

const keysOf = <T,>(values: readonly T[]): T[] => [...new Set(values)];
