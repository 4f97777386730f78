import { printable } from './text.js';

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** What terminals give two cells: scripts of East Asia, full-width forms, pictures. */
const WIDE =
  /^(?:[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|.\ufe0f)/u;
const ASCII = /^[ -~]*$/;
/** Letters and signs of one cell each, of which none joins another: Latin, and the punctuation of typeset text. */
const ONE_CELL = /^[ -~\u00a0-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u2053]*$/;
/** More marks on one letter than any script has would cover the lines around it. */
const MARKS = /(\p{M}{8})\p{M}+/gu;

/** Letters as a reader counts them, with the cells that each takes: 1, or 2 of a wide one. */
const cellsOf = (text: string): { letter: string; cells: number }[] =>
  [...segmenter.segment(text)].map(({ segment }) => ({ letter: segment, cells: WIDE.test(segment) ? 2 : 1 }));

/** Cells of a terminal that a line takes. */
export const widthOf = (text: string): number =>
  // Splitting into letters takes far longer, and most lines have no need of it.
  ONE_CELL.test(text) ? text.length : cellsOf(text).reduce((sum, { cells }) => sum + cells, 0);

/**
 * A text of anybody's as a person may be shown all of it: nothing in it steers the terminal or hides. Control and direction characters, and those
 * that cannot be seen and stand for nothing a reader reads, become `U+FFFD`; joiners that scripts and pictures need stay.
 */
export function seen(text: string): string {
  const plain = printable(text)
    .replaceAll('\t', '    ')
    .replace(/(?![\u200c\u200d])[\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/gu, '\u{FFFD}');
  return ASCII.test(plain.replaceAll('\n', '')) ? plain : plain.replace(MARKS, '$1\u{FFFD}');
}

/** Lines of at most `columns` cells: broken between words, and within one that is longer than a line. */
export function wrap(text: string, columns: number): string[] {
  return text.split('\n').flatMap((line) => wrapLine(line, Math.max(2, columns)));
}

function wrapLine(line: string, columns: number): string[] {
  if (line.length <= columns && ONE_CELL.test(line)) return [line];
  const lines: string[] = [];
  let [current, used] = ['', 0];
  const end = (): void => {
    lines.push(current.trimEnd());
    [current, used] = ['', 0];
  };
  for (const word of line.split(/(?<= )(?=[^ ])/)) {
    const bare = word.trimEnd();
    const width = widthOf(bare);
    if (used > 0 && used + width > columns) end();
    if (width <= columns) {
      current += word;
      used += width + word.length - bare.length;
      continue;
    }
    for (const { letter, cells } of cellsOf(word)) {
      if (used + cells > columns) end();
      current += letter;
      used += cells;
    }
  }
  if (current.trim() !== '' || lines.length === 0) end();
  return lines;
}

/** At most `columns` cells of a line, with an ellipsis where something is missing. */
export function cut(line: string, columns: number): string {
  if (widthOf(line) <= columns) return line;
  let [kept, used] = ['', 0];
  for (const { letter, cells } of cellsOf(line)) {
    if (used + cells > columns - 1) break;
    kept += letter;
    used += cells;
  }
  return `${kept}…`;
}
