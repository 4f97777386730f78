/**
 * Text as it reads, without how it was set: Unicode NFKC, one kind of quotation mark, dash, ellipsis and space, no
 * zero-width characters or soft hyphens, runs of white space as one space. Letters, case and punctuation stay.
 */
export function normaliseTypography(text: string): string {
  return text
    .replace(/[\u200b-\u200f\u2060\ufeff\u00ad]/g, '')
    .replace(/[\u2018\u2019\u201a\u201b\u2032\u2035\u00b4\u0060]/g, "'")
    .replace(/[\u201c-\u201f\u2033\u2036\u00ab\u00bb]/g, '"')
    .normalize('NFKC')
    .replace(/[\u2010-\u2015\u2212]/g, '-')
    .replace(/\s+/g, ' ')
    .trim();
}
