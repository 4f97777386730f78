import { createHash } from 'node:crypto';
import type { Summary } from '@touchstone/spec';
import { renderToString } from 'preact-render-to-string';
import { Examples } from './sections/examples.js';
import { Headline } from './sections/headline.js';
import { Judge } from './sections/judge.js';
import { Models } from './sections/models.js';
import { Provenance } from './sections/provenance.js';
import { Training } from './sections/training.js';
import { styles } from './styles.js';

// Nothing is loaded and nothing runs: the page is HTML, SVG and this one style sheet.
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(styles).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/**
 * The report of a run as one HTML page that opens from disk without a network. Every text of the summary is escaped:
 * answers of models and lines of data files may say anything.
 */
export function renderReport(summary: Summary): string {
  const page = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content={policy} />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="generator" content="Touchstone" />
        <title>{`${summary.name} – Touchstone report`}</title>
        <style dangerouslySetInnerHTML={{ __html: styles }} />
      </head>
      <body>
        <main>
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
        </main>
      </body>
    </html>
  );
  return `<!doctype html>\n${renderToString(page)}\n`;
}
