import { isOfTrainings, type Summary, type TrainingsSummary } from '@touchstone/spec';
import { renderPage } from './page.js';
import { Examples } from './sections/examples.js';
import { Headline } from './sections/headline.js';
import { Judge } from './sections/judge/judge.js';
import { Models } from './sections/models.js';
import { Provenance } from './sections/provenance.js';
import { Training } from './sections/training.js';
import { TrainingsHeadline } from './sections/trainings/headline.js';
import { TrainingsModels } from './sections/trainings/models.js';
import { EachTraining } from './sections/trainings/each.js';
import { TrainingsProvenance } from './sections/trainings/provenance.js';

/**
 * The report of a run, of one training or of several, as one HTML page that opens from disk without a network. Every text of the summary is escaped:
 * answers of models and lines of data files may say anything.
 */
export function renderReport(summary: Summary | TrainingsSummary): string {
  return isOfTrainings(summary) ? renderTrainings(summary) : renderTraining(summary);
}

function renderTrainings(summary: TrainingsSummary): string {
  return renderPage(
    `${summary.name} – Touchstone report`,
    <>
      <TrainingsHeadline summary={summary} />
      <nav aria-label="Contents">
        <a href="#models">What improved</a>
        <a href="#judge">Is the judge fit?</a>
        <a href="#training">How each training went</a>
        <a href="#provenance">Where the figures come from</a>
      </nav>
      <TrainingsModels summary={summary} />
      <Judge judge={summary.judge} />
      <EachTraining trainings={summary.trainings} />
      <TrainingsProvenance summary={summary} />
    </>,
  );
}

function renderTraining(summary: Summary): string {
  return renderPage(
    `${summary.name} – Touchstone report`,
    <>
      <Headline summary={summary} />
      <nav aria-label="Contents">
        <a href="#models">What improved</a>
        <a href="#judge">Is the judge fit?</a>
        <a href="#training">How training went</a>
        <a href="#examples">Answers side by side</a>
        <a href="#provenance">Where the figures come from</a>
      </nav>
      <Models summary={summary} />
      <Judge judge={summary.judge} />
      <Training summary={summary} />
      <Examples examples={summary.examples} />
      <Provenance summary={summary} />
    </>,
  );
}
