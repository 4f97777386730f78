import type { Asked, Respond } from '../provider/asked.js';
import { markerOf } from './prompt.js';

interface Finding {
  /** The id of the sample that the candidate names. */
  sample: string;
  quote: string;
  grounded: boolean;
  actionable: boolean;
}

/**
 * The rule of the benchmarks' judge. It reads the prompt as a model would have to: the document, the candidate between its
 * tags, and the format that is asked for. Two criteria, both Boolean:
 *
 * - grounded: the candidate's quote stands in the document, word for word;
 * - actionable: the candidate proposes an edit.
 *
 * @returns undefined where there is no candidate.
 */
export function judgeFinding(prompt: string): Finding | undefined {
  const start = prompt.lastIndexOf('<candidate>');
  const end = prompt.indexOf('</candidate>', start);
  if (start < 0 || end < 0) return undefined;
  const document = prompt.slice(0, start);
  const candidate = prompt.slice(start, end);
  const quote = /Quote: \\?"([^"\\]+)/.exec(candidate)?.[1] ?? '';
  return {
    sample: /\bs-\d{6}\b/.exec(candidate)?.[0] ?? 'unknown',
    quote,
    grounded: quote !== '' && document.includes(quote),
    actionable: candidate.includes('Proposed edit:'),
  };
}

/**
 * The verdict in the format that is asked for: with the reply id where the prompt names one, as a choice where the client
 * has the judge choose one, else plain JSON.
 */
export const findingJudge: Respond = ({ prompt, tool }) => {
  const finding = judgeFinding(prompt)!;
  if (tool === 'select_choice') return JSON.stringify({ reasons: 'By the rule.', choice: chosen(finding) });
  const { quote, grounded, actionable } = finding;
  const id = markerOf(prompt);
  const why = {
    grounded: grounded
      ? 'The quote stands in the document word for word.'
      : 'The quote does not stand in the document as it is given.',
    actionable: actionable ? 'It proposes an edit to make.' : 'It states a concern and leaves the edit open.',
  };
  const verdicts = (['grounded', 'actionable'] as const).map((criterion) => ({
    criterion,
    evidence: criterion === 'grounded' ? quote : '',
    reason: why[criterion],
    score: finding[criterion],
  }));
  return id === ''
    ? JSON.stringify({ grounded, actionable, reason: `${why.grounded} ${why.actionable}` })
    : JSON.stringify({ id, verdicts });
};

/** For the ledger: the sample that a call is about. */
export const findingOf = ({ prompt }: Asked): string | undefined => judgeFinding(prompt)?.sample;

/** Which of both criteria are met. */
function chosen({ grounded, actionable }: Finding): string {
  if (grounded && actionable) return 'both';
  return grounded || actionable ? 'one' : 'none';
}
