/**
 * The rule that stands in for a judge model. It reads the prompt as a model would have to: the document, the candidate
 * between its tags, and the format that is asked for. Two criteria, both Boolean:
 *
 * - grounded: the candidate's quote stands in the document, word for word;
 * - actionable: the candidate proposes an edit.
 */
export function judgeByRule(prompt) {
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
 * The verdict as the text of a reply, in the format that the prompt asks for: with the reply id where it names one (the
 * last one counts: a candidate cannot move it), else plain JSON.
 */
export function writeReply(prompt, { quote, grounded, actionable }) {
  const id = [...prompt.matchAll(/The reply id is ([a-z0-9]+)/g)].at(-1)?.[1];
  const why = {
    grounded: grounded
      ? 'The quote stands in the document word for word.'
      : 'The quote does not stand in the document as it is given.',
    actionable: actionable ? 'It proposes an edit to make.' : 'It states a concern and leaves the edit open.',
  };
  const verdicts = Object.entries({ grounded, actionable }).map(([criterion, score]) => ({
    criterion,
    evidence: criterion === 'grounded' ? quote : '',
    reason: why[criterion],
    score,
  }));
  return id === undefined
    ? JSON.stringify({ grounded, actionable, reason: `${why.grounded} ${why.actionable}` })
    : JSON.stringify({ id, verdicts });
}

/** For clients that let the judge choose one of several named choices: which of both criteria are met. */
export function chooseByRule({ grounded, actionable }) {
  if (grounded && actionable) return 'both';
  return grounded || actionable ? 'one' : 'none';
}

/**
 * A reply spoilt in one of four ways: cut off at the token limit, cut off without saying so, prose without a verdict, a
 * score that is not on the scale.
 *
 * @returns {{ text: string, finish: 'stop' | 'length' }}
 */
export function spoil(text, variant) {
  const cut = text.slice(0, Math.max(1, Math.floor(text.length * (0.2 + 0.6 * ((variant * 4) % 1)))));
  if (variant < 0.25) return { text: cut, finish: 'length' };
  if (variant < 0.5) return { text: cut, finish: 'stop' };
  if (variant < 0.75)
    return { text: 'I have read the document with care and I find the finding convincing.', finish: 'stop' };
  return { text: text.replace(/:(true|false)/g, ':"perhaps"'), finish: 'stop' };
}
