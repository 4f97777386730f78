import { metricNamed, type Estimate, type EvaluationSummary } from '@touchstone/spec';
import type { VNode } from 'preact';
import { barChart } from '../charts/bars.js';
import { count, decimal, interval, NO_DATA } from '../format.js';
import { entry, modelClass } from '../names.js';
import { Figure, metricCaption, metricTitle, Section, Table } from '../sections/parts.js';
import { modelOf } from './verdict.js';

/** More bars than this want the page's whole width. */
const MOST_NARROW = 5;

/** A model's name in its colour. */
export const ModelName = ({ name }: { name: string }): VNode => (
  <span class={`model ${modelClass(name)}`}>{name}</span>
);

/** An estimate with its n. */
export function Cell({ estimate }: { estimate: Estimate | null | undefined }): VNode {
  return (
    <>
      {interval(estimate)}
      {estimate ? <span class="n"> n = {count(estimate.n)}</span> : null}
    </>
  );
}

/** JSON validity and the judge's score as bars, then every metric of every model. */
export function Levels({ summary }: { summary: EvaluationSummary }): VNode {
  const names = summary.model_order;
  const charted = ['json_valid', summary.main_metric].filter(
    (name, i, all) => name !== null && summary.metrics.includes(name) && all.indexOf(name) === i,
  ) as string[];
  const components = [...new Set(names.flatMap((name) => Object.keys(modelOf(summary, name).components)))];
  const isWide = names.length > MOST_NARROW;
  return (
    <Section id="levels" title="How the models score">
      <div class={isWide ? 'alone' : 'grid bars'}>
        {charted.map((name) => {
          const metric = metricNamed('model', name);
          return (
            <Figure wide={isWide} title={metricTitle(metric)} caption={metricCaption(metric)}>
              {barChart(
                metric.label,
                names.map((model) => ({
                  model,
                  estimate: entry(modelOf(summary, model).metrics, name) ?? null,
                })),
                (model) => model,
              )}
            </Figure>
          );
        })}
      </div>
      <Table
        caption="Each model by itself: mean [interval] and n"
        head={[
          'Model',
          ...summary.metrics.map((metric) => metricNamed('model', metric).label),
          ...components,
          'Tokens',
          'Characters',
          'Answers',
          'Not judged',
        ]}
        rows={names.map((name) => {
          const model = modelOf(summary, name);
          return [
            <ModelName name={name} />,
            ...summary.metrics.map((metric) => <Cell estimate={entry(model.metrics, metric)} />),
            ...components.map((component) => <Cell estimate={entry(model.components, component)} />),
            amount(model.tokens),
            amount(model.length),
            count(model.answers),
            count(model.abstained),
          ];
        })}
      />
      <Slices summary={summary} />
    </Section>
  );
}

const amount = (estimate: Estimate | null): string =>
  estimate
    ? `${decimal(estimate.mean, 1)} [${decimal(estimate.low, 1)}, ${decimal(estimate.high, 1)}]`
    : NO_DATA;

function Slices({ summary }: { summary: EvaluationSummary }): VNode | null {
  const { model_order: names, main_metric: main } = summary;
  const cuts = new Map(
    names.flatMap((name) =>
      modelOf(summary, name).slices.map(({ field, value, tasks }) => [
        JSON.stringify([field, value]),
        { field, value, tasks },
      ]),
    ),
  );
  if (cuts.size === 0 || main === null) return null;
  return (
    <Table
      caption={`${metricNamed('model', main).label} by the tasks' fields: mean [interval] and n`}
      head={['Field', 'Value', 'Tasks', ...names.map((name) => <ModelName name={name} />)]}
      rows={[...cuts.values()].map(({ field, value, tasks }) => [
        field,
        value === '' ? '(empty)' : value,
        count(tasks),
        ...names.map((name) => {
          const slice = modelOf(summary, name).slices.find(
            (one) => one.field === field && one.value === value,
          );
          return <Cell estimate={slice && entry(slice.metrics, main)} />;
        }),
      ])}
    />
  );
}
