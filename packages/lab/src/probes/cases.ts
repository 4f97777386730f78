import type { Criterion, LabelledAnswer } from '@touchstone/core';
import { random, type Task } from '@touchstone/spec';
import { basesOf, foreignTo, type Pool, poolOf, tasksFor } from './bases.js';
import { PROBES } from './groups/index.js';
import { type Base, type Expectation, type Probe, PROBE_GROUPS, type ProbeGroup } from './probe.js';

/** One question to the judge: an answer made from a labelled one, or from a bad one in its place. */
export interface ProbeCase {
  probe: string;
  group: ProbeGroup;
  expects: Expectation;
  /** Index of the labelled answer that it was made from. */
  base: number;
  /**
   * What `plain` is the score of: the labelled answer, or, where the task has no bad one, a bad one that was made and takes
   * its place. Always to the labelled answer's own task.
   */
  baseResponse: string;
  /** As the judge is shown it; probes of the reference change it. */
  task: Task;
  response: string;
}

export interface ProbeOptions {
  criteria: readonly Criterion[];
  /** The judge compares answers: otherwise there are no probes of `comparison`. */
  compares: boolean;
  seed: number;
  /** Distinct tasks for each group, where there are so many. Nothing in 40 is at most 8.8 %. */
  perGroup: number;
  /** From 0; a later round goes on with further tasks, and then with further probes on the same ones. */
  round: number;
}

/**
 * The cases of one round, made from the user's own labelled answers. Within a group the probes rotate over the tasks, so
 * that each gets several; no pair of a probe and an answer comes twice, in any round. The same labelled answers and options
 * give the same cases.
 *
 * @returns empty where there are no further ones.
 */
export function probeCases(labelled: readonly LabelledAnswer[], options: ProbeOptions): ProbeCase[] {
  const pool = poolOf(labelled, options.criteria);
  return PROBE_GROUPS.filter((group) => options.compares || group !== 'comparison').flatMap((group) => {
    const probes = PROBES.filter((probe) => probe.group === group);
    const expectations = [...new Set(probes.map(({ expects }) => expects))];
    return expectations.flatMap((expects) =>
      rotated(
        probes.filter((probe) => probe.expects === expects),
        expects,
        pool,
        options,
      ),
    );
  });
}

/** Probes that expect the same of one group, over the tasks that they can start from. */
function rotated(
  probes: readonly Probe[],
  expects: Expectation,
  pool: Pool,
  { compares, seed, perGroup, round }: ProbeOptions,
): ProbeCase[] {
  const { group } = probes[0]!;
  const tasks = tasksFor(expects, pool, { compares, random: random(seed, 'probes', group, expects) });
  const count = Math.min(perGroup, tasks.length);
  return Array.from({ length: count }, (_, i) => round * count + i).flatMap((place) => {
    const at = place % tasks.length;
    const lap = Math.floor(place / tasks.length);
    const labelledTask = tasks[at]!;
    const bases = basesOf(expects, labelledTask, pool, seed);
    const base = bases[(at + lap) % bases.length]!;
    const { task, asks } = labelledTask;
    const from = { task, response: base.response, criteria: pool.criteria, foreign: foreignTo(asks, pool) };
    const made = probes.flatMap((probe) => {
      const own = { ...from, random: random(seed, 'probe', probe.name, base.index) };
      return makeCase(probe, own, base.index) ?? [];
    });
    return lap < made.length ? [made[(at + lap) % made.length]!] : [];
  });
}

function makeCase({ name, group, expects, make }: Probe, from: Base, base: number): ProbeCase | null {
  const { task, response } = from;
  const made = make(from);
  if (made === null || made === response) return null;
  const changed = typeof made === 'string' ? { task, response: made } : { task: made, response };
  return { probe: name, group, expects, base, baseResponse: response, ...changed };
}
