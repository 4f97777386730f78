import { InputError } from '@touchstone/spec';
import type { LlamaConfig } from './config.js';

/** Inverse frequencies [headSize / 2], with Llama 3's or linear scaling where the config asks for it. */
function inverseFrequencies(c: LlamaConfig): Float64Array {
  const half = c.headSize / 2;
  const plain = Float64Array.from({ length: half }, (_, i) => c.ropeTheta ** (-i / half));
  const scaling = c.ropeScaling;
  const type = scaling?.rope_type ?? scaling?.type ?? 'default';
  if (!scaling || type === 'default') return plain;
  const factor = scaling.factor ?? 1;
  if (type === 'linear') return plain.map((f) => f / factor);
  if (type === 'llama3') {
    const low = scaling.low_freq_factor ?? 1;
    const high = scaling.high_freq_factor ?? 4;
    const original = scaling.original_max_position_embeddings ?? 8192;
    return plain.map((f) => {
      const wavelength = (2 * Math.PI) / f;
      if (wavelength < original / high) return f;
      if (wavelength > original / low) return f / factor;
      const smooth = (original / wavelength - low) / (high - low);
      return ((1 - smooth) * f) / factor + smooth * f;
    });
  }
  throw new InputError([
    { message: `rope_scaling type "${type}" is not supported; known: default, linear, llama3` },
  ]);
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
