import type { EvaluationSummary } from '@touchstone/spec';
import type { VNode } from 'preact';
import { difference } from '../format.js';
import { Section, Table } from '../sections/parts.js';
import { ReadPair } from './differences.js';
import { metricLabel, pairText } from './verdict.js';

const OUTCOMES: Record<EvaluationSummary['judge_swap'][number]['judges'][number]['outcome'], string> = {
  holds: 'holds',
  silent: 'the same where it has a score, which its silence may decide',
  'same-sign': 'same sign, not shown',
  'turns-around': 'turns around',
  'nothing-shown': 'nothing to hold',
  'no-data': 'insufficient data',
};

/** Whether each difference holds under every other judge: the generalisation test. */
export function JudgeSwap({ summary }: { summary: EvaluationSummary }): VNode {
  const { judge_swap: swaps, main_metric: main } = summary;
  const judges = swaps[0]!.judges.map(({ judge }) => judge);
  return (
    <Section id="swap" title="Under another judge">
      <p>
        What was learned for one judge alone does not show under another. A difference holds where it has the
        same sign and is shown there too, and answers without a score could not turn it round.
      </p>
      <Table
        caption={`Differences by ${metricLabel(main!)}, and what becomes of them`}
        head={['Difference', `By ${metricLabel(main!)}`, ...judges.map(metricLabel)]}
        rows={swaps.map((swap) => [
          pairText(swap),
          <ReadPair {...swap} />,
          ...swap.judges.map(({ outcome, difference: d }) => (
            <>
              {outcome === 'turns-around' ? <strong>{OUTCOMES[outcome]}</strong> : OUTCOMES[outcome]}
              {d ? <span class="n"> {difference(d)}</span> : null}
            </>
          )),
        ])}
      />
    </Section>
  );
}
