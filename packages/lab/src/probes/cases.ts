import type { Criterion, LabelledAnswer } from '@touchstone/core';
import { random } from '@touchstone/spec';
import { baseAt, foreignTo, type Pool, poolOf, tasksFor } from './bases.js';
import { PROBES } from './groups/index.js';
import {
  type Base,
  type Expectation,
  type Probe,
  type ProbeCase,
  type ProbeGroup,
  PROBE_GROUPS,
} from './probe.js';

export interface ProbeOptions {
  criteria: readonly Criterion[];
  /** The judge compares answers: otherwise there are no probes of `comparison`. */
  compares: boolean;
  seed: number;
  /** Distinct tasks for each group, where there are so many. Nothing in 40 is at most 8.8 %. */
  perGroup: number;
  /** From 0; a later round goes on with further tasks, and then with further probes on the same ones. */
  round: number;
  /** Those that are still asked for, as `undecidedGroups` gives them. Default: all. */
  groups?: readonly ProbeGroup[];
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
  const { compares, groups = PROBE_GROUPS } = options;
  return groups
    .filter((group) => compares || group !== 'comparison')
    .flatMap((group) => {
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
    const base = baseAt(expects, labelledTask, pool, { at, lap, seed });
    const { task, asks, criteria } = labelledTask;
    const from = { task, response: base.response, criteria, foreign: foreignTo(asks, pool) };
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
