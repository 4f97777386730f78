import { parseReply, readLabelReply, readScoreReply, rubricSchema } from '@touchstone/core';
import { random, type Random } from '@touchstone/spec';

/** Random and mutated judge replies through every reader, and what is wrong with what comes out. */

const MARKER = 'k3v9x2ab';
const { criteria } = rubricSchema.parse({
  model: 'local:j',
  objective: 'x',
  criteria: [
    { name: 'Grounded', question: '?', scale: 'graded', anchors: { 1: 'no', 5: 'yes' }, weight: 3 },
    { name: 'Useful', question: '?' },
    { name: 'Tone', question: '?', scale: 'graded', anchors: { '-2': 'rude', 2: 'kind' } },
  ],
});
const RANGE = [-1, 5] as const;
const LABELS = ['correct', 'incorrect'];

const verdicts = [
  { criterion: 'Grounded', evidence: 'the "Supplier" {may}', reason: 'r', score: 4 },
  { criterion: 'Useful', evidence: '', reason: 'r\\n', score: true },
  { criterion: 'Tone', evidence: '', reason: '', score: -1 },
];
const valid = JSON.stringify({ id: MARKER, verdicts });
/** What replies look like; mutations start here. */
const SEEDS = [
  valid,
  `<think>${valid.replace('4', '2')}</think>\n\`\`\`json\n${JSON.stringify({ id: MARKER, verdicts, total: 2.5 }, null, 2)}\n\`\`\``,
  `Candidate: {"id":"zz99zz99","verdicts":[]}. ${valid}`,
  `{'id': '${MARKER}', 'verdicts': [{'criterion': 'Grounded', 'score': 5,},]}`,
  'Score: 4\nReasoning: it is off by 1.',
  '{"steps": [], "result": 3.5}',
  'Output (a) is about Mars. Therefore, Output (b) is better.',
  '[[Output (a)]]',
  'Label: correct',
  '',
];
const PIECES = [
  // Signs of JSON, Markdown and lines; numbers that are none here; keys; phrases; and odd characters.
  ...`{ } [ ] " ' \\ , : * \` # / ( ) < >`.split(' '),
  ...'1e999 -1e999 -0 0.1 99 NaN Infinity null true false 5/5 ٣ １'.split(' '),
  ...'"__proto__" "constructor" "id" "score" "verdicts" "criterion"'.split(' '),
  ...'\n|\r|\t| |Score: |Label: |Output (a)|Output (b)| is better|</think>|<think>|[THINK]|[/THINK]|<reasoning>|```|```json\n'.split(
    '|',
  ),
  ...'\ud800 \udfff \u0000 \u2028 \ufeff \u202e 😀 é ß İ'.split(' '),
  MARKER,
  valid,
];

/** The reply number `n`: drawn anew, or one of the seeds after up to eight mutations. Depends on nothing else. */
export function hostileReply(seed: number, n: number): string {
  const draw = random(seed, 'reply', n);
  if (n % 10 === 0) return Array.from({ length: draw.integer(200) }, () => drawPiece(draw)).join('');
  let text = draw.pick(SEEDS);
  for (let i = draw.integer(8); i >= 0; i--) text = mutate(text, draw);
  return text;
}

function drawPiece(draw: Random): string {
  return draw.integer(4) === 0 ? String.fromCharCode(draw.integer(65_536)) : draw.pick(PIECES);
}

function mutate(text: string, draw: Random): string {
  const from = draw.integer(text.length + 1);
  const to = Math.min(text.length, from + draw.integer(draw.integer(8) === 0 ? text.length + 1 : 6));
  const [before, middle, after] = [text.slice(0, from), text.slice(from, to), text.slice(to)];
  switch (draw.integer(7)) {
    case 0:
      return before + after;
    case 1:
      return before + drawPiece(draw) + after;
    case 2:
      return before + middle + middle + after;
    case 3:
      return before + drawPiece(draw) + middle + drawPiece(draw) + after;
    case 4:
      return before + draw.pick(SEEDS) + after;
    case 5:
      // Now and then something long, to meet what is quadratic.
      return before + drawPiece(draw).repeat(draw.integer(draw.integer(500) === 0 ? 3000 : 20)) + after;
    default:
      return after + middle + before;
  }
}

/**
 * Reads a reply with every reader.
 *
 * @returns how many of them read something.
 * @throws when one crashes or gives what is out of range; that is what is looked for.
 */
export function readHostile(text: string): number {
  let read = 0;
  const demand = (holds: boolean, what: string): void => {
    if (!holds) throw new Error(`${what}, reading ${JSON.stringify(text.slice(0, 400))}`);
  };
  const within = (value: number, low: number, high: number): boolean => value >= low && value <= high;

  const reply = parseReply(text, { marker: MARKER, criteria });
  if ('criteria' in reply) {
    read++;
    const [grounded, useful, tone] = reply.criteria;
    demand(reply.criteria.map(({ criterion }) => criterion).join() === 'Grounded,Useful,Tone', 'criteria');
    demand([1, 2, 3, 4, 5].includes(grounded!.value), 'a grade off its scale');
    demand([0, 1].includes(useful!.value), 'a truth value off its scale');
    demand([-2, -1, 0, 1, 2].includes(tone!.value), 'a grade off its scale');
    demand(
      reply.criteria.every(({ score }) => within(score, 0, 1)),
      'a score out of range',
    );
    demand(text.includes(MARKER), 'a reply without the marker');
  }
  const score = readScoreReply(text, RANGE);
  if ('score' in score) {
    read++;
    demand(within(score.score, ...RANGE), 'a score out of range');
  }
  const label = readLabelReply(text, LABELS);
  if ('label' in label) {
    read++;
    demand(LABELS.includes(label.label), 'an unknown label');
  }
  return read;
}
