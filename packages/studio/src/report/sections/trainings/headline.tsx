import type { TrainingsSummary } from '@touchstone/spec';
import type { VNode } from 'preact';
import { count, plural } from '../../format.js';
import { evalTasks, verdict } from '../../verdict.js';
import { Gate } from '../gate.js';
import { VerdictBanner } from '../headline.js';

/** Title, verdict and gate of a run of several trainings. */
export function TrainingsHeadline({ summary }: { summary: TrainingsSummary }): VNode {
  const { trainings, data } = summary;
  const scope = { trainings: trainings.length, tasks: data.eval_tasks };
  return (
    <header>
      <p class="kicker">Touchstone run report</p>
      <h1>{summary.name}</h1>
      <VerdictBanner {...verdict(summary.comparisons, scope)} />
      <Gate judge={summary.judge} />
      <p class="muted">
        {summary.created ? <>Made {summary.created}, </> : null}
        {plural(trainings.length, 'training')} with seeds {trainings.map(({ seed }) => seed).join(', ')}, each
        on the same {count(data.eval_tasks)} {evalTasks(data)}. Brackets hold intervals over trainings, tasks
        and answers: what another seed and other tasks would give, with this data and these settings. n is the
        number of trainings, and of what is not trained that of tasks.
      </p>
    </header>
  );
}
