import { cpus, totalmem } from 'node:os';
import { compileProducts, engineSettings, type ProductShape } from '@touchstone/engine';
import { largest } from '@touchstone/spec';
import type { Clock } from '../../clock.js';
import { repeated, ROUNDS, spreadOf, timed, type Spread } from './repeat.js';

/** What all other rates depend on. */
export interface MachineSpeed {
  processor: string;
  /** Cores that the engine computes on. */
  cores: number;
  memoryBytes: number;
  /** Float32 products of matrices, on all cores that graphs compute on. */
  products: (ProductShape & { gigaflopsPerSecond: Spread })[];
  /** The best of all of them. */
  peakGigaflopsPerSecond: number;
}

/** A square one, one as of many tokens and a small layer, one as of some tokens and a large layer. */
const SHAPES: readonly ProductShape[] = [
  { rows: 1024, inner: 1024, columns: 1024 },
  { rows: 2048, inner: 512, columns: 1536 },
  { rows: 512, inner: 1536, columns: 2048 },
];

/** Rounds that are told of. */
export const MACHINE_ROUNDS = SHAPES.length * ROUNDS;

export async function measureMachine(clock: Clock, onRound: () => void): Promise<MachineSpeed> {
  const products: MachineSpeed['products'] = [];
  for (const shape of SHAPES) {
    const { operations, run, release } = await compileProducts(shape);
    await run();
    const rounds = await repeated(() => timed(clock, run), onRound);
    await release();
    const gigaflopsPerSecond = spreadOf(rounds.map(({ seconds }) => operations / seconds / 1e9));
    products.push({ ...shape, gigaflopsPerSecond });
  }
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: engineSettings().threads,
    memoryBytes: totalmem(),
    products,
    peakGigaflopsPerSecond: largest(products.map(({ gigaflopsPerSecond }) => gigaflopsPerSecond.max)),
  };
}
