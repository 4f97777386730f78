/**
 * A number as text that every reader of YAML takes for a float: with a point and without an exponent (`0.0000007`, `64.0`).
 * YAML 1.1, which Python's readers speak, takes `7e-7` for text.
 */
export function decimal(value: number): string {
  const [mantissa, exponent] = Math.abs(value).toExponential().split('e') as [string, string];
  const digits = mantissa.replace('.', '');
  const point = Number(exponent) + 1;
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  const rest = point > 0 ? digits.slice(point) : '0'.repeat(-point) + digits;
  return `${value < 0 ? '-' : ''}${whole}.${rest === '' ? '0' : rest}`;
}
