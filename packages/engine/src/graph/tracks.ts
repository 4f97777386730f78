import { engineSettings } from '../settings.js';

/** Where graphs run one after the other: graphs on different tracks run at the same time. */
export interface Track {
  /** Of the thread that runs them, from 0. */
  index: number;
  /** Cores that each graph computes on. */
  threads: number;
}

/** More make batches too small. */
const MOST = 4;
/** By the number of cores, since sessions are kept by track. */
const known = new Map<number, { wide: Track; narrow: readonly Track[] }>();

function tracks(): { wide: Track; narrow: readonly Track[] } {
  const { threads: cores } = engineSettings();
  let made = known.get(cores);
  if (!made) {
    const count = Math.min(MOST, cores);
    const threads = Math.floor(cores / count);
    const narrow = Array.from({ length: count }, (_, index) => ({ index, threads }));
    known.set(cores, (made = { wide: { index: 0, threads: cores }, narrow }));
  }
  return made;
}

/** All cores for one graph: what large products want, such as those of training. */
export const wideTrack = (): Track => tracks().wide;

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
