import type { Summary } from '@touchstone/spec';
import type { VNode } from 'preact';
import { count } from '../format.js';
import { outcomeWords, verdict } from '../verdict.js';
import { Gate } from './gate.js';

/** Title, verdict and gate: what a reader who stops here must have read. */
export function Headline({ summary }: { summary: Summary }): VNode {
  const { outcome, readings } = verdict(summary.comparisons);
  return (
    <header>
      <p class="kicker">Touchstone run report</p>
      <h1>{summary.name}</h1>
      <div class={`banner outcome-${outcome}`}>
        <p class="verdict">
          <strong>{outcomeWords(outcome)}.</strong> {readings[0]?.sentence}
        </p>
        {readings.slice(1).map(({ sentence }) => (
          <p>{sentence}</p>
        ))}
      </div>
      <Gate judge={summary.judge} />
      <p class="muted">
        {summary.created ? <>Made {summary.created}, </> : null}
        seed {summary.seed}, {count(summary.data.eval_tasks)} held-out tasks. Brackets hold the interval of
        each estimate; n is the number of tasks unless said otherwise.
      </p>
    </header>
  );
}
