import type { Session } from './session.js';
import { givenText, isOneKey, meanings } from './session.js';
import { cut, seen, widthOf, wrap } from '../../terminal/width.js';
import { scaleRange } from '@touchstone/core';

/** Wider lines are hard to read. */
const WIDEST = 100;
const RULE = '─';

/** What is read: the task, and the answer or one item of it. */
export interface Body {
  lines: string[];
  /** The line that the answer begins on. */
  answerAt: number;
}

/** @param columns of the terminal. */
export function bodyOf(session: Session, columns: number): Body {
  const width = Math.min(columns, WIDEST);
  const { labelling, items, current } = session;
  const { task } = labelling.answer(session.key);
  const lines = labelling.questions
    .sectionsOf(task)
    .flatMap(({ title, text }) => [heading(title, width), ...wrap(seen(text), width), '']);
  const title = items.length > 1 ? `Answer, item ${current.item + 1} of ${items.length}` : 'Answer';
  const text = items[current.item]!;
  return { lines: [...lines, heading(title, width), ...wrap(seen(text), width)], answerAt: lines.length };
}

const heading = (title: string, width: number): string => {
  const text = cut(`${RULE}${RULE} ${seen(title).replaceAll('\n', ' ')} `, width);
  return text + RULE.repeat(Math.max(0, width - widthOf(text)));
};

/** What is asked, with what was said already, and the keys. */
export function questionLines(session: Session, columns: number): string[] {
  const width = Math.min(columns, WIDEST);
  const { criterion } = session.current;
  const { question, questions } = session.progress;
  const place = questions > 1 ? ` (${question} of ${questions})` : '';
  const note = session.labelling.notes.get(session.key);
  const own = session.ownLabels.map(({ criterion: name, given }) => `${name} ${givenText(given)}`).join(', ');
  return [
    ...wrap(seen(`${criterion.name}${place}: ${criterion.question}`), width),
    ...meanings(criterion).flatMap((line) => wrap(`  ${seen(line)}`, width)),
    ...(own === '' ? [] : wrap(`You said: ${own}`, width)),
    ...(note === undefined || note === '' ? [] : wrap(`Your note: ${seen(note)}`, width)),
    ...(session.said === '' ? [] : wrap(session.said, width)),
  ];
}

/** Of labels alone: `y yes, n no`, `1 to 5`. */
export function labelKeys(session: Session): string {
  const { criterion } = session.current;
  if (criterion.scale === 'boolean') return 'y yes  n no';
  const { min, max } = scaleRange(criterion);
  return isOneKey(criterion) ? `${min}-${max}` : `${min} to ${max}, then Enter`;
}

export const OTHER_KEYS = '- cannot say  s skip  u undo  b back  c note  ? help  q quit';

export const statusLine = (session: Session): string => {
  const { done, answers } = session.progress;
  return `${session.labelling.rater}: ${done} of ${answers} answers labelled`;
};

/** @param isPaged on a terminal, where the text is moved by keys. */
export const helpLines = (isPaged: boolean): string[] => [
  'Say what you think of the answer, criterion by criterion. What the judge and',
  'others say is not shown. Every label is saved at once: you may stop at any',
  'time, and the same command goes on.',
  '',
  '  y n, or a number   the label',
  '  -                  it cannot be said: the criterion is left out',
  '  s                  skip the answer: it comes again at the end',
  '  u                  take the last label back',
  '  b                  go back, to look or to label anew; Enter goes on',
  isPaged
    ? '  c                  write a note about the answer; Enter saves it, Esc does not'
    : '  c TEXT             write a note about the answer',
  '  q                  stop',
  ...(isPaged
    ? [
        '',
        '  up down            a line        space, PgDn   a page on',
        '  PgUp               a page back   Home End      the begin, the end',
        '  a                  the answer    t             the task',
      ]
    : []),
];

/**
 * The whole of a terminal, line by line: what is read from `top` on, and below it what is asked.
 *
 * @param typed of a number, or a note, that is being typed.
 */
export function screenOf(
  session: Session,
  {
    body,
    top,
    columns,
    rows,
    typed,
  }: { body: Body; top: number; columns: number; rows: number; typed: string },
): string[] {
  const width = Math.min(columns, WIDEST);
  const foot = footOf(session, width, Math.max(3, Math.floor(rows / 2)));
  const room = roomFor(session, { columns, rows });
  const shown = body.lines.slice(top, top + room);
  const below = body.lines.length - top - room;
  const more =
    below > 0
      ? `${below} more ${below === 1 ? 'line' : 'lines'}: space`
      : body.lines.length > room
        ? 'end'
        : '';
  const status = statusLine(session);
  const gap = ' '.repeat(Math.max(1, width - widthOf(status) - widthOf(more)));
  return [
    cut(`${status}${gap}${more}`, width),
    ...shown,
    ...Array.from({ length: Math.max(0, room - shown.length) }, () => ''),
    RULE.repeat(width),
    ...foot,
    cut(typed, width - 1),
  ];
}

/** Lines that are left for what is read. */
export function roomFor(session: Session, { columns, rows }: { columns: number; rows: number }): number {
  const width = Math.min(columns, WIDEST);
  return Math.max(1, rows - 3 - footOf(session, width, Math.max(3, Math.floor(rows / 2))).length);
}

/** The last lines hold the keys; of a question that is longer than half of the screen the beginning is shown. */
function footOf(session: Session, width: number, most: number): string[] {
  const keys = [`${labelKeys(session)}  ${OTHER_KEYS}`].flatMap((line) => wrap(line, width));
  const question = questionLines(session, width);
  const room = Math.max(1, most - keys.length);
  const fits = question.length <= room;
  return [...(fits ? question : [...question.slice(0, room - 1), '… (? shows all of it)']), ...keys];
}
