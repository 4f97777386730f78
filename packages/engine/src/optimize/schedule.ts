/** Learning-rate factor (0–1) at a 0-based step: linear warm-up, then constant, or cosine down to `floor`. */
export function scheduleFactor(
  step: number,
  {
    steps,
    warmup,
    decay,
    floor = 0.05,
  }: { steps: number; warmup: number; decay: 'constant' | 'cosine'; floor?: number },
): number {
  if (step < warmup) return (step + 1) / warmup;
  if (decay === 'constant') return 1;
  const progress = Math.min(1, (step - warmup) / Math.max(1, steps - warmup));
  return floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * progress));
}
