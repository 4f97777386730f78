import {
  type Judge,
  judgesWithin,
  type LabelledAnswer,
  type RegressionCase,
  type VariantName,
} from '@touchstone/core';
import type { JudgeFinding } from '@touchstone/spec';

import { askCases, sizeOf } from '../suite/ask-cases.js';
import { Asker } from './ask.js';
import type { ProbeCase } from '../probes/probe.js';
import { askProbes, nextProbes, PROBE_ROUNDS, probeSize } from './ask-probes.js';
import { askAbout, drawAnswers } from './ask-variants.js';
import { type AboutJudge, type Evidence, noEvidence } from './evidence.js';

/** What an examination asks, and whom. */
export interface Asked {
  judge: Judge;
  /** Never trained against; null where there is none. */
  heldout: Judge | null;
  labelled: readonly LabelledAnswer[];
  regression: readonly RegressionCase[];
  /** How often each labelled answer is judged at most, from 1; the flip rate needs 2. */
  repeats: number;
  /** Distinct tasks for each group of probes; 0: none are asked. */
  probes: number;
  /** Distinct tasks about which the judge is asked in each other way that it can be; 0: it is not. */
  variants: number;
  /** Of what is drawn: probes, folds. */
  seed: number;
}

/** What a phase has found out, added to what is known by then. */
type Addition = (known: Evidence) => Evidence;

/** A part of an examination. */
export interface Phase {
  name: string;
  by: PlannedPhase['by'];
  /** Default: `labelled`. */
  about?: PlannedPhase['about'];
  /** Answers that are judged in it, as far as can be told. */
  size(known: Evidence): number;
  /** Asks all of it at once. */
  ask(known: Evidence): Promise<Addition>;
  /** Whether what it asks depends on what the phases before it have found. Default: false. */
  follows?: true;
  /** Whether what is known says enough without it. Default: never. */
  isEnough?(findings: readonly JudgeFinding[]): boolean;
}

/** A part of an examination, before anything of it is asked. */
export interface PlannedPhase {
  name: string;
  by: 'judge' | 'heldout';
  /** Whose answers are judged in it: probes are made from labelled ones. */
  about: 'labelled' | 'regression';
  /** Answers that are judged in it; of probes those of the first round. */
  answers: number;
}

/** What an examination asks if nothing fails before, in its order. */
export function plannedPhases(input: Asked): PlannedPhase[] {
  const { labelled, regression, repeats } = input;
  const askers = askersOf(input);
  const nothing = noEvidence(aboutJudge(askers, repeats), labelled, regression);
  return phasesOf(input, askers).flatMap(({ name, by, about = 'labelled', size }) => {
    const answers = size(nothing);
    return answers === 0 ? [] : [{ name, by, about, answers }];
  });
}

/** Who is asked in an examination. */
export interface Askers {
  main: Asker;
  heldout: Asker | null;
  /** The judge itself, asked in another way. */
  variants: { name: VariantName; asker: Asker }[];
}

/** @param onDone called when one of them has judged this many more answers. */
export function askersOf(
  { judge, heldout, seed }: Asked,
  onDone: (answers: number) => void = () => {},
): Askers {
  const asker = (by: Judge): Asker => new Asker(by, seed, onDone);
  return {
    main: asker(judge),
    heldout: heldout && asker(heldout),
    variants: (judge.variants?.() ?? []).map(({ name, judge: variant }) => ({ name, asker: asker(variant) })),
  };
}

/** The phases of an examination, the cheapest first; last what shows least of a judge that has kept to everything before. */
export function phasesOf(
  { judge, labelled, regression, repeats, probes: perGroup, variants: tasks, seed }: Asked,
  { main, heldout: other, variants }: Askers,
): Phase[] {
  const drawn = drawAnswers(labelled, { tasks, compares: judge.compares ?? false, seed });
  return [
    {
      name: 'regression cases',
      by: 'judge',
      about: 'regression',
      size: () => sizeOf(regression, repeats),
      ask: async () => {
        const cases = await askCases(main, regression, repeats);
        return (known) => ({ ...known, cases });
      },
    },
    {
      name: 'labelled answers',
      by: 'judge',
      size: () => labelled.length,
      ask: () => askAll(labelled, main, 0),
    },
    {
      name: 'the held-out judge',
      by: 'heldout',
      size: () => (other ? labelled.length : 0),
      ask: async () => {
        const opinions = await other!.judgeAll(labelled);
        return (known) => ({
          ...known,
          answers: known.answers.map((one, i) => ({ ...one, heldout: opinions[i]! })),
        });
      },
    },
    ...Array.from({ length: repeats - 1 }, (_, i): Phase => ({
      name: `repeat ${i + 2} of ${repeats}`,
      by: 'judge',
      size: () => labelled.length,
      ask: () => askAll(labelled, main, i + 1),
      // One repeat shows nothing of how narrow the interval is.
      ...(i === 0 ? {} : { isEnough: isSteady }),
    })),
    ...Array.from({ length: PROBE_ROUNDS }, (_, round) => probesOf({ round, perGroup, seed }, main)),
    ...variants.map(({ name, asker }): Phase => ({
      name: `asked another way: ${name}`,
      by: 'judge',
      size: () => drawn.length,
      ask: async () => {
        const said = await askAbout(drawn, labelled, asker);
        return (known) => ({
          ...known,
          variants: known.variants.map((one) => (one.name === name ? { ...one, said } : one)),
        });
      },
    })),
  ];
}

/** One round of probes. What it asks depends on what the rounds before it have decided. */
function probesOf(options: Parameters<typeof nextProbes>[1], main: Asker): Phase {
  let plan: { after: Evidence['probes']; cases: ProbeCase[] } | undefined;
  const casesAfter = (known: Evidence): ProbeCase[] => {
    if (plan?.after !== known.probes) plan = { after: known.probes, cases: nextProbes(known, options) };
    return plan.cases;
  };
  return {
    name: options.round === 0 ? 'probes' : `probes, round ${options.round + 1}`,
    by: 'judge',
    size: (known) => probeSize(casesAfter(known), known),
    follows: true,
    ask: async (known) => {
      const probes = await askProbes(known, casesAfter(known), main);
      return (then) => ({ ...then, probes: [...then.probes, ...probes] });
    },
  };
}

async function askAll(labelled: readonly LabelledAnswer[], main: Asker, repeat: number): Promise<Addition> {
  const opinions = await main.judgeAll(labelled, repeat);
  return (known) => ({
    ...known,
    answers: known.answers.map((one, i) => ({ ...one, repeats: [...one.repeats, opinions[i]!] })),
  });
}

/** Half of the width of an interval that says enough. The width alone decides, so that looking does not sway the figure. */
const NARROW = 0.02;

function isSteady(findings: readonly JudgeFinding[]): boolean {
  const flips = findings.find(({ name }) => name === 'flip_rate')?.estimate;
  return flips !== null && flips !== undefined && (flips.high - flips.low) / 2 <= NARROW;
}

/** What can be said of a judge without asking it. */
export const aboutJudge = ({ main: { judge }, heldout, variants }: Askers, repeats: number): AboutJudge => ({
  criteria: judge.criteria,
  compares: judge.compares ?? false,
  models: modelsOf(judge),
  hasHeldout: heldout !== null,
  repeats,
  variants: variants.map(({ name, asker }) => ({ name, criteria: asker.judge.criteria, said: new Map() })),
});

/** The models that a judge asks: its own, and those of the judges that it is made of. */
export const modelsOf = (judge: Judge): string[] => judgesWithin(judge).map(({ id }) => id);
