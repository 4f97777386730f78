/** How far back a sentence is looked for. */
const MAX_SENTENCE = 400;

/**
 * Reads which of two answers a published reply in prose prefers. It is no reader for a judge: who doubts, asks or quotes in words that it does not
 * know ("nobody would say that …") is read as who states, and no list of words has them all. A judge of the product is asked for a form.
 * It may be a label alone, a label on the first or last line with
 * an explanation, or sentences such as "Therefore, Output (a) is better", "The winner is Output (b)", "I prefer …".
 *
 * It is strict about ambiguity: what is better only in some respect, under a condition or with a negation is no
 * verdict, and a reply that states two verdicts, whatever the order, states none.
 *
 * @param {string} text
 * @param {{ first: string, second: string, tie?: string }} labels what the prompt calls the two answers, and a draw where it allows one.
 * @returns {{ preferred: 'first' | 'second' | 'tie' } | { problem: string }}
 */
export function parsePreferenceText(text, labels) {
  const plain = withoutMarks(text);
  if (plain === '') return { problem: 'the reply is empty' };

  const said = new Set();
  for (const preference of ['first', 'second', 'tie']) {
    const label = labels[preference];
    if (label !== undefined && states(plain, withoutMarks(label), preference === 'tie')) said.add(preference);
  }
  if (labels.tie !== undefined && EQUAL.test(plain)) said.add('tie');
  const [preferred, other] = said;
  if (other !== undefined) return { problem: `the reply says both ${[...said].join(' and ')}` };
  return preferred === undefined ? { problem: 'the reply states no preference' } : { preferred };
}

/** Without the marks of Markdown and quotation, and runs of white space within a line as one space. */
function withoutMarks(text) {
  return text
    .replace(/[*`_#>"“”]/g, '')
    .replace(/[^\S\n]+/g, ' ')
    .trim();
}

const BETTER = '(?:better|best|superior|preferable|preferred|winner)';
const ADVERB = '(?:clearly|slightly|much|overall|definitely|therefore|thus|also|still|the|a|far)';
const NOUN = '(?:outputs?|responses?|answers?|ones?|choices?|options?|candidates?|assistants?)';
const VERDICT = '(?:verdict|decision|answer|winner|preference|choice|judge?ment|conclusion|result)';
/** After "is better": it is so in some respect only. */
const RESTRICTED =
  /^(?: \w+)? ?(?:if|when|in terms|in that|in the sense|at|with respect|with regards?|regarding|as far as|only|only if|for (?!the (?:given|following)))\b/i;
/** Anywhere before it in the sentence. */
const CONDITION =
  /\b(?:if|unless|in terms of|with respect to|with regards? to|regarding|when it comes to|as far as|in the sense)\b/i;
/** Before it in the same clause. */
const NEGATION =
  /\b(?:not|never|cannot|whether|while|although|though|whereas|could|might|may|neither|nor|why|how)\b|n't\b/i;
const EQUAL = /\b(?:equally good|equally bad|of equal quality|(?:is|are|it a|call this a) tie)\b/i;

/** Whether the text states a verdict for `label`. */
function states(text, label, isTie) {
  const name = labelPattern(label);
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const bare = new RegExp(
    `^\\s*(?:(?:the |my |your )?(?:final )?${VERDICT}(?: is|:) ?|the better ${NOUN}(?: is|:) ?)?[[({]{0,2}${name}[\\])}]{0,2}[.!]?\\s*$`,
    'i',
  );
  if ([lines[0], lines.at(-1)].some((line) => bare.test(line))) return true;
  if (isTie) return false;
  const isBetter = new RegExp(
    `${name}(?: (?:is|was|seems|appears to be)(?: ${ADVERB}){0,3} ${BETTER}(?: ${NOUN})?\\b| wins\\b)`,
    'gi',
  );
  for (const match of text.matchAll(isBetter)) {
    const rest = text.slice(match.index + match[0].length, match.index + match[0].length + 60);
    if (!RESTRICTED.test(rest) && isVerdict(text, match.index)) return true;
  }
  const isChosen = new RegExp(
    `(?:\\b(?:choose|prefer|select|pick|favou?r|vote for|go with)|\\b${BETTER}(?: ${NOUN})? ?(?:is|:|=)|\\b${VERDICT} ?[:=])` +
      ` ?[[({]{0,2}${name}|\\[\\[${name}\\]\\]`,
    'gi',
  );
  for (const match of text.matchAll(isChosen)) {
    if (isVerdict(text, match.index)) return true;
  }
  return false;
}

/** Whether what stands before it in the sentence leaves a statement whole. */
function isVerdict(text, at) {
  const before = text.slice(Math.max(0, at - MAX_SENTENCE), at);
  const sentence = before.split(/[.!?;:](?=\s)|\n/).at(-1);
  return !CONDITION.test(sentence) && !NEGATION.test(sentence.split(',').at(-1));
}

/** A label as it may stand in prose: any case and white space, and not inside of a longer word. */
function labelPattern(label) {
  const escaped = label
    .trim()
    .replace(/[\\^$.|?*+()[\]{}/]/g, '\\$&')
    .replace(/\s+/g, '\\s+');
  return `(?<![\\w])${escaped}(?![\\w])`;
}
