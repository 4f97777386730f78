import { engineSettings, type Provider } from '../settings.js';

/** Where graphs run one after the other: graphs on different tracks run at the same time. */
export interface Track {
  /** Of the thread that runs them, from 0. */
  index: number;
  /** Cores that each graph computes on. */
  threads: number;
  provider: Provider;
}

/** All cores for one graph: what large products want. */
export const wideTrack = (): Track => ({ index: 0, threads: engineSettings().threads, provider: 'cpu' });

/** The same, with the provider that the user chose. */
export const trainingTrack = (): Track => ({ ...wideTrack(), provider: engineSettings().provider });

/** More make batches too small. */
const MOST = 4;

/** Weights may be in memory once a track, and once more for the wide one, in this share of the engine's memory. */
const MEMORY_SHARE = 1 / 8;

/**
 * Tracks that share the cores. The many small products of decoding leave most of a second core idle, and two batches do not.
 * @param bytes of the weights, which each track may hold
 */
export function tracksFor(bytes: number): readonly Track[] {
  const { threads: cores, memory } = engineSettings();
  const count = Math.min(MOST, cores);
  if ((count + 1) * bytes > MEMORY_SHARE * memory) return [wideTrack()];
  const threads = Math.floor(cores / count);
  return Array.from({ length: count }, (_, index) => ({ index, threads, provider: 'cpu' }));
}
