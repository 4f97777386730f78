/** A stretch of a document and who quotes it; `by` is empty for the text between quotes. */
export interface Segment {
  text: string;
  by: string[];
}

interface Range {
  start: number;
  end: number;
}

/** Text with typography levelled, and for each of its UTF-16 units where the original unit was. */
interface Levelled {
  text: string;
  origin: number[];
}

const LEVEL = new Map([
  ...[...'‘’‚‛′'].map((c) => [c, "'"] as const),
  ...[...'“”„‟″«»'].map((c) => [c, '"'] as const),
  ...[...'‐‑‒–—―−'].map((c) => [c, '-'] as const),
  ...['\u00ad', '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff'].map((c) => [c, ''] as const),
]);

/** Curly quotes, dashes and white space written one way; nothing else changes. */
function level(text: string): Levelled {
  const out: string[] = [];
  const origin: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charAt(i);
    const space = /\s/.test(unit);
    if (space && out.at(-1) === ' ') continue;
    const written = LEVEL.get(unit) ?? (space ? ' ' : unit);
    if (written === '') continue;
    out.push(written);
    origin.push(i);
  }
  return { text: out.join(''), origin };
}

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

/** Every place where `quote` stands in the document, read with typography levelled; in order, not overlapping. */
function occurrences(document: string, levelled: Levelled, quote: string): Range[] {
  const needle = level(quote).text.trim();
  const ranges: Range[] = [];
  if (needle === '') return ranges;
  for (
    let at = levelled.text.indexOf(needle);
    at >= 0;
    at = levelled.text.indexOf(needle, at + needle.length)
  ) {
    let start = levelled.origin[at]!;
    let end = levelled.origin[at + needle.length - 1]! + 1;
    // A range that began or ended inside a surrogate pair would break the character in two.
    if (isLowSurrogate(document.charCodeAt(start)) && start > 0) start--;
    if (end < document.length && isLowSurrogate(document.charCodeAt(end))) end++;
    ranges.push({ start, end });
  }
  return ranges;
}

/**
 * Cuts a document into stretches by who quotes them. Quotes of one or several models may overlap, nest, repeat or be
 * absent from the document. The texts of the segments, joined, are the document.
 */
export function highlight(
  document: string,
  quotes: readonly { by: string; quotes: readonly string[] }[],
): Segment[] {
  const levelled = level(document);
  const edges = new Map<number, { opens: string[]; closes: string[] }>();
  const edge = (at: number): { opens: string[]; closes: string[] } => {
    const found = edges.get(at) ?? { opens: [], closes: [] };
    edges.set(at, found);
    return found;
  };
  for (const source of quotes) {
    for (const quote of new Set(source.quotes)) {
      for (const { start, end } of occurrences(document, levelled, quote)) {
        edge(start).opens.push(source.by);
        edge(end).closes.push(source.by);
      }
    }
  }

  const segments: Segment[] = [];
  const depth = new Map(quotes.map(({ by }) => [by, 0]));
  let from = 0;
  const emit = (to: number): void => {
    if (to === from) return;
    const by = [...depth].filter(([, open]) => open > 0).map(([name]) => name);
    const last = segments.at(-1);
    const text = document.slice(from, to);
    if (last && last.by.length === by.length && last.by.every((name, i) => name === by[i])) last.text += text;
    else segments.push({ text, by });
    from = to;
  };
  for (const [at, { opens, closes }] of [...edges].sort(([a], [b]) => a - b)) {
    emit(at);
    for (const name of opens) depth.set(name, depth.get(name)! + 1);
    for (const name of closes) depth.set(name, depth.get(name)! - 1);
  }
  emit(document.length);
  return segments;
}
