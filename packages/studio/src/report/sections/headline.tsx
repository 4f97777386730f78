import type { Summary } from '@touchstone/spec';
import type { VNode } from 'preact';
import { count } from '../format.js';
import { evalTasks, ONE_DRAW, outcomeWords, verdict, type Reading, type Outcome } from '../verdict.js';
import { Gate } from './gate.js';

/** Title, verdict and gate: what a reader who stops here must have read. */
export function Headline({ summary }: { summary: Summary }): VNode {
  return (
    <header>
      <p class="kicker">Touchstone run report</p>
      <h1>{summary.name}</h1>
      <VerdictBanner {...verdict(summary.comparisons)} />
      <Gate judge={summary.judge} />
      <p class="muted">
        {summary.created ? <>Made {summary.created}, </> : null}
        seed {summary.seed}, {count(summary.data.eval_tasks)} {evalTasks(summary.data)}. Brackets hold the
        interval of each estimate; n is the number of tasks unless said otherwise. {ONE_DRAW}
      </p>
    </header>
  );
}

/** The outcome and the sentences that support it. */
export function VerdictBanner({ outcome, readings }: { outcome: Outcome; readings: Reading[] }): VNode {
  return (
    <div class={`banner outcome-${outcome}`}>
      <p class="verdict">
        <strong>{outcomeWords(outcome)}.</strong> {readings[0]?.sentence}
      </p>
      {readings.slice(1).map(({ sentence }) => (
        <p>{sentence}</p>
      ))}
    </div>
  );
}
