/**
 * JSON in which every number has a fraction or an exponent. Python reads `1` as an integer, and a batch that a judge of
 * yes and no has scored becomes a tensor of integers, of which PyTorch gives no mean.
 *
 * @param value plain data with finite numbers.
 */
export function toFloatJson(value: unknown): string {
  if (typeof value === 'number') {
    const text = JSON.stringify(value);
    return /^-?\d+$/.test(text) ? `${text}.0` : text;
  }
  if (Array.isArray(value)) return `[${value.map(toFloatJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}:${toFloatJson(one)}`);
  return `{${members.join(',')}}`;
}
