import type { EvaluationSummary } from '@touchstone/spec';
import { count, plural } from '../format.js';
import { renderPage } from '../page.js';
import { Facts, Section } from '../sections/parts.js';
import { Checkpoints } from './checkpoints.js';
import { Differences, Duels } from './differences.js';
import { JudgeSwap } from './judge-swap.js';
import { Levels } from './levels.js';
import { SeveralAnswers } from './several-answers.js';
import { evaluationVerdict } from './verdict.js';
import { WhereWorse } from './where-worse.js';

/**
 * A comparison of models as one HTML page that opens from disk without a network. Every text of the summary is escaped: names of models, tasks and
 * fields may say anything.
 */
export function renderEvaluation(summary: EvaluationSummary): string {
  const { outcome, words, sentences } = evaluationVerdict(summary);
  const { baseline, order, judge_swap: swaps, duels } = summary;
  return renderPage(
    `${summary.name} – Touchstone comparison`,
    <>
      <header>
        <p class="kicker">Touchstone comparison</p>
        <h1>{summary.name}</h1>
        <div class={`banner outcome-${outcome}`}>
          <p class="verdict">
            <strong>{words}.</strong> {sentences[0]}
          </p>
          {sentences.slice(1).map((sentence) => (
            <p>{sentence}</p>
          ))}
        </div>
        <p class="muted">
          Made {summary.created}. {plural(summary.model_order.length, 'model')},{' '}
          {plural(summary.tasks, 'task')}
          {summary.common_tasks === summary.tasks ? '' : `, ${count(summary.common_tasks)} answered by all`}.
          Brackets hold 95 % intervals over{' '}
          {summary.clustered ? 'clusters of tasks that belong together' : 'tasks'}; n is the number of{' '}
          {summary.clustered ? 'clusters' : 'tasks'}, and of a model that was trained several times that of
          trainings. Every score is 0 to 1, and higher is better.
        </p>
        {summary.remarks.map((text) => (
          <p class="note">{text}</p>
        ))}
      </header>
      <nav aria-label="Contents">
        <a href="#levels">How the models score</a>
        {baseline !== null && <a href="#differences">Paired differences</a>}
        {duels.length > 0 && <a href="#duels">Preferences</a>}
        {order.length > 1 && <a href="#checkpoints">Checkpoints</a>}
        {baseline !== null && <a href="#worse">Where a model is worse</a>}
        {swaps.length > 0 && <a href="#swap">Under another judge</a>}
        <a href="#several">Several answers a task</a>
        <a href="#provenance">Where the figures come from</a>
      </nav>
      <Levels summary={summary} />
      {baseline !== null && <Differences summary={summary} baseline={baseline} />}
      {duels.length > 0 && <Duels summary={summary} />}
      {order.length > 1 && <Checkpoints summary={summary} />}
      {baseline !== null && <WhereWorse summary={summary} baseline={baseline} />}
      {swaps.length > 0 && <JudgeSwap summary={summary} />}
      <SeveralAnswers summary={summary} />
      <Section id="provenance" title="Where the figures come from">
        <Facts
          rows={[
            ...(summary.seed === null ? [] : [['Seed of the answers', String(summary.seed)] as const]),
            ...Object.entries(summary.versions),
          ]}
        />
        <p>
          Each mean is over tasks, the answers of a task averaged first, and each difference is paired by
          task. A difference is called shown when its interval, made longer until those of all pairs of models
          hold at once with 95 %, does not hold 0. <code>touchstone compare --json</code> prints every figure.
        </p>
      </Section>
    </>,
  );
}
