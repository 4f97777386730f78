import { availableParallelism, totalmem } from 'node:os';

/** Where graphs run one after the other: graphs on different tracks run at the same time. */
export interface Track {
  /** Of the thread that runs them, from 0. */
  index: number;
  /** Cores that each graph computes on. */
  threads: number;
}

/** Cores to compute on; the environment says how many where others use the machine too. */
const cores = Number(process.env['TOUCHSTONE_THREADS'] ?? 0) || availableParallelism();

/** All cores for one graph: what large products want, such as those of training. */
export const WIDE: Track = { index: 0, threads: cores };

/** More make batches too small. */
const MOST = 4;
const count = Math.min(MOST, cores);
const narrow: readonly Track[] = Array.from({ length: count }, (_, index) => ({
  index,
  threads: Math.floor(cores / count),
}));

/** Weights may be in memory once a track, and once more for the wide one, in this share of the machine's memory. */
const MEMORY_SHARE = 1 / 8;

/**
 * Lanes that share the cores. The many small products of decoding leave most of a second core idle, and two batches do not.
 * @param bytes of the weights, which each track may hold
 */
export const tracksFor = (bytes: number): readonly Track[] =>
  (narrow.length + 1) * bytes <= MEMORY_SHARE * totalmem() ? narrow : [WIDE];
