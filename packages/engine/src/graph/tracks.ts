import { engineSettings, type Provider } from '../settings.js';

/** Where graphs run one after the other: graphs on different tracks run at the same time. */
export interface Track {
  /** Of the thread that runs them, from 0. */
  index: number;
  /** Cores that each graph computes on. */
  threads: number;
  provider: Provider;
}

interface Tracks {
  /** All cores for one graph: what large products want. */
  wide: Track;
  /** The same, with the provider that the user chose. */
  training: Track;
  narrow: readonly Track[];
}

/** More make batches too small. */
const MOST = 4;
/** By the settings, since sessions are kept by track. */
const known = new Map<string, Tracks>();

function tracks(): Tracks {
  const { threads: cores, provider } = engineSettings();
  const key = `${cores}/${provider}`;
  let made = known.get(key);
  if (!made) {
    const count = Math.min(MOST, cores);
    const threads = Math.floor(cores / count);
    const narrow = Array.from({ length: count }, (_, index) => ({
      index,
      threads,
      provider: 'cpu' as const,
    }));
    const wide: Track = { index: 0, threads: cores, provider: 'cpu' };
    made = { wide, narrow, training: provider === 'cpu' ? wide : { ...wide, provider } };
    known.set(key, made);
  }
  return made;
}

export const wideTrack = (): Track => tracks().wide;
export const trainingTrack = (): Track => tracks().training;

/** Weights may be in memory once a track, and once more for the wide one, in this share of the engine's memory. */
const MEMORY_SHARE = 1 / 8;

/**
 * Lanes that share the cores. The many small products of decoding leave most of a second core idle, and two batches do not.
 * @param bytes of the weights, which each track may hold
 */
export function tracksFor(bytes: number): readonly Track[] {
  const { wide, narrow } = tracks();
  return (narrow.length + 1) * bytes <= MEMORY_SHARE * engineSettings().memory ? narrow : [wide];
}
