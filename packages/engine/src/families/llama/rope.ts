import type { LlamaConfig } from './config.js';

/** Inverse frequencies [headSize / 2], scaled as the config says: linear, or as Llama 3.1 does by wavelength. */
function inverseFrequencies({ headSize, rope: { theta, scaling } }: LlamaConfig): Float64Array {
  const half = headSize / 2;
  const plain = Float64Array.from({ length: half }, (_, i) => theta ** (-i / half));
  if (scaling === null) return plain;
  const { factor } = scaling;
  if (scaling.rope_type === 'linear') return plain.map((f) => f / factor);
  const { low_freq_factor: low, high_freq_factor: high } = scaling;
  const original = scaling.original_max_position_embeddings;
  return plain.map((f) => {
    const wavelength = (2 * Math.PI) / f;
    if (wavelength < original / high) return f;
    if (wavelength > original / low) return f / factor;
    const smooth = (original / wavelength - low) / (high - low);
    return ((1 - smooth) * f) / factor + smooth * f;
  });
}

/** cos and sin of every position's angles, each [positions, headSize / 2]. */
export function rotaryTables(c: LlamaConfig, positions: number): { cos: Float32Array; sin: Float32Array } {
  const frequencies = inverseFrequencies(c);
  const half = frequencies.length;
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let t = 0; t < positions; t++) {
    for (let i = 0; i < half; i++) {
      cos[t * half + i] = Math.cos(t * frequencies[i]!);
      sin[t * half + i] = Math.sin(t * frequencies[i]!);
    }
  }
  return { cos, sin };
}
