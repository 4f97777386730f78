/**
 * Splits what is to be judged into parts of at most `maxAnswers` and, as far as single answers allow, at most
 * `maxCharacters`; parts are about equally large, so that no answer is judged in nearly empty company.
 *
 * @param lengths characters of each answer, in the order to keep.
 * @param shared the first answer stands in every part: what ranks of different parts are joined by.
 * @returns for each part the places of its answers. One part holds them all where they fit.
 */
export function chunksOf(
  lengths: readonly number[],
  { maxAnswers, maxCharacters, shared }: { maxAnswers: number; maxCharacters: number; shared: boolean },
): number[][] {
  const all = lengths.map((_, i) => i);
  const size = (part: readonly number[]): number => part.reduce((sum, i) => sum + lengths[i]!, 0);
  if (all.length < 2 || (all.length <= maxAnswers && size(all) <= maxCharacters)) return [all];
  const pivot = shared ? [0] : [];
  const rest = shared ? all.slice(1) : all;
  const room = maxAnswers - pivot.length;
  const target = Math.ceil(rest.length / Math.ceil(rest.length / room));
  const chunks: number[][] = [];
  let part: number[] = [];
  for (const i of rest) {
    if (part.length === target || (part.length > 0 && size([...pivot, ...part, i]) > maxCharacters)) {
      chunks.push([...pivot, ...part]);
      part = [];
    }
    part.push(i);
  }
  return part.length > 0 ? [...chunks, [...pivot, ...part]] : chunks;
}
