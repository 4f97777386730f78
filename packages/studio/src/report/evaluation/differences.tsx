import type { EvaluatedPair, EvaluationSummary, LengthNote, Estimate } from '@touchstone/spec';
import type { VNode } from 'preact';
import { DIFFERENCES_LEGEND, differencesForest } from '../charts/differences.js';
import { count, difference, interval, NO_DATA } from '../format.js';
import { Figure, Section, Table } from '../sections/parts.js';
import { correctedText, lengthText, metricLabel, pairText } from './verdict.js';

/** Rows that a chart of differences has at most; the table has all. */
const MOST_ROWS = 28;

/** Differences of every two models: the main metric as a chart, all metrics as a table. */
export function Differences({ summary, baseline }: { summary: EvaluationSummary; baseline: string }): VNode {
  const { pairs, main_metric: main } = summary;
  const shown = pairs.filter(({ metric, difference: d }) => metric === main && d !== null);
  const own = pairs.filter((pair) => pair.baseline === baseline);
  const others = pairs.filter((pair) => pair.baseline !== baseline);
  return (
    <Section id="differences" title="Paired differences">
      {shown.length > 0 && main !== null && (
        <div class="alone">
          <Figure wide title={metricLabel(main)} caption={DIFFERENCES_LEGEND}>
            {differencesForest(
              metricLabel(main),
              shown.slice(0, MOST_ROWS).map((pair) => ({
                label: pairText(pair),
                estimate: pair.difference!,
                corrected: pair.corrected!,
                shown: pair.shown,
              })),
            )}
          </Figure>
        </div>
      )}
      <PairTable
        caption={`Against ${baseline}, paired by task: mean [interval of this difference], and [interval that holds at once for all pairs]`}
        pairs={own}
      />
      <WinTable
        caption="How often an answer of the model scores higher than one of the other to the same task, and the difference were the answers equally long: mean [interval of this one]"
        pairs={own}
      />
      {others.length > 0 && (
        <details class="behind">
          <summary>All other pairs of models ({count(others.length)} rows)</summary>
          <PairTable caption="Likewise, every other two models" pairs={others} />
          <WinTable caption="Their wins, and differences at equal length" pairs={others} />
        </details>
      )}
    </Section>
  );
}

function PairTable({ caption, pairs }: { caption: string; pairs: readonly EvaluatedPair[] }): VNode {
  return (
    <Table
      caption={caption}
      head={['Metric', 'Difference', 'Mean [interval]', 'Corrected', 'Reading', 'Tasks']}
      rows={pairs.map((pair) => [
        metricLabel(pair.metric),
        pairText(pair),
        difference(pair.difference),
        pair.corrected ? endsText(correctedText(pair)) : NO_DATA,
        <ReadPair {...pair} />,
        count(pair.tasks),
      ])}
    />
  );
}

/** What is left of a figure without its mean. */
export const endsText = (figure: string): string => figure.replace(/^\S+ /, '');

function WinTable({ caption, pairs }: { caption: string; pairs: readonly EvaluatedPair[] }): VNode {
  return (
    <Table
      caption={caption}
      head={['Metric', 'Difference', 'Wins, ties half', 'Difference at equal length']}
      rows={pairs.map((pair) => [
        metricLabel(pair.metric),
        pairText(pair),
        interval(pair.wins),
        <AtEqualLength estimate={pair.length_controlled} note={pair.length_note} />,
      ])}
    />
  );
}

/** Which model is higher, in words. */
export function ReadPair({
  model,
  baseline,
  shown,
  word = 'is higher',
}: Pick<EvaluatedPair, 'model' | 'baseline' | 'shown'> & { word?: string }): VNode {
  switch (shown) {
    case 'higher':
    case 'lower':
      return (
        <strong>
          {shown === 'higher' ? model : baseline} {word}
        </strong>
      );
    case 'undecided':
      return <span>cannot be told apart</span>;
    case 'none':
      return <span>insufficient data</span>;
  }
}

function AtEqualLength({ estimate, note }: { estimate: Estimate | null; note: LengthNote }): VNode {
  return (
    <>
      {estimate ? difference(estimate) : null}
      {note === null ? null : <span class="n"> {lengthText(note)}</span>}
    </>
  );
}

/** What a preference judge said of pairs of answers, in both orders. */
export function Duels({ summary }: { summary: EvaluationSummary }): VNode {
  return (
    <Section id="duels" title="Preferences">
      <p>
        A judge compared the answers of two models to a task, in both orders. What it decides otherwise in the
        other order counts as a tie.
      </p>
      <Table
        caption="Share that the first model wins, ties half: [interval of this one], [interval that holds at once for all]"
        head={[
          'Models',
          'Win rate',
          'Corrected',
          'Reading',
          'Won',
          'Tied',
          'Lost',
          'Inconsistent',
          'No verdict',
          'At equal length',
        ]}
        rows={summary.duels.map((duel) => [
          `${duel.model} against ${duel.baseline}`,
          interval(duel.win_rate),
          duel.win_rate && duel.corrected
            ? endsText(interval({ ...duel.win_rate, ...duel.corrected }))
            : NO_DATA,
          <ReadPair {...duel} word="is preferred" />,
          count(duel.wins),
          count(duel.ties),
          count(duel.losses),
          count(duel.inconsistent),
          count(duel.silent),
          <>
            {duel.length_controlled ? interval(duel.length_controlled) : null}
            {duel.length_note === null ? null : <span class="n"> {lengthText(duel.length_note)}</span>}
          </>,
        ])}
      />
    </Section>
  );
}
