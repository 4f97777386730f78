import {
  type GateOutcome,
  type JudgeDetails,
  type JudgeFinding,
  NO_USAGE,
  RunError,
  type Usage,
  type Verdict,
} from '@touchstone/spec';
import {
  type Criterion,
  type Judge,
  judgesWithin,
  type LabelledAnswer,
  type RegressionCase,
} from '@touchstone/core';

import { sumOf } from '../statistics/values.js';
import { askCases, sizeOf } from '../suite/ask-cases.js';
import { Asker } from './ask.js';
import { askProbes, nextProbes, probeSize } from './ask-probes.js';
import { detailsOf } from './details/index.js';
import { type AboutJudge, type Evidence, noEvidence } from './evidence.js';
import type { Finding, FindingFamily } from './finding.js';
import { FAMILIES } from './findings/index.js';
import { applyGate, assertGateNames, type Gate } from './gate.js';
import { unmatchedLabels } from './ratings.js';
import { assertLabelsFit, settleLabels, verdictsAsked } from './readings.js';

export interface ValidationInput {
  judge: Judge;
  /** Never trained against; null where there is none. */
  heldout: Judge | null;
  labelled: readonly LabelledAnswer[];
  regression: readonly RegressionCase[];
  /** How often each labelled answer is judged at most, from 1; the flip rate needs 2. */
  repeats: number;
  /** Distinct tasks for each group of probes; 0: none are asked. */
  probes: number;
  /** What is asked in place of the default gate, by finding; empty: the default gate. */
  gate: Gate;
  /** Of the bootstrap. */
  seed: number;
  /** Asks everything, even when a finding has failed by then. Default: false. */
  complete?: boolean;
  /** Called while answers are judged; `total` of them there are in all, if nothing fails before. */
  onProgress?: (progress: { done: number; total: number }) => void;
}

export interface ValidationResult {
  findings: JudgeFinding[];
  /** Curves and tables beside the findings. */
  details: JudgeDetails;
  gate: GateOutcome;
  /** What was not asked any more, because a gated finding had failed by then; empty: everything was. */
  notAsked: string[];
  /** Judgements asked of the judge, and those it abstained from, by reason. */
  judgements: number;
  abstentions: Record<string, number>;
  /** Labels that no verdict could be compared with. */
  unmatchedLabels: number;
  /** Labels on which as many people said true as false: they are none. */
  splitLabels: number;
  usage: Usage;
  heldoutUsage: Usage;
}

/** A part of an examination: what it asks, added to what is known. */
interface Phase {
  name: string;
  by: PlannedPhase['by'];
  /** Answers that are judged in it, as far as can be told. */
  size(known: Evidence): number;
  ask(known: Evidence): Promise<Evidence>;
}

/**
 * Is this judge fit to train against? Asks what is cheapest first, and after each phase holds what is known against the
 * gate: where a finding has failed, the rest is not paid for.
 *
 * @throws {InputError} the gate names an unknown finding, or a label does not fit the criteria; before any call.
 * @throws {RunError} the judge gave no verdict at all.
 */
export async function validateJudge(input: ValidationInput): Promise<ValidationResult> {
  const { judge, heldout, regression, repeats, gate, seed, complete = false } = input;
  const about = aboutJudge(judge, modelsOf(judge), heldout !== null, repeats);
  assertGateNames(gate, findingNames(judge.criteria));
  assertLabelsFit(input.labelled, judge.criteria);
  const { labelled, split } = settleLabels(input.labelled, judge.criteria);

  let [done, total] = [0, 0];
  const tick = (answers: number): void => {
    done += answers;
    input.onProgress?.({ done, total: Math.max(done, total) });
  };
  const main = new Asker(judge, tick);
  const other = heldout && new Asker(heldout, tick);
  const phases = phasesOf(input, main, other);

  // What the gate asks nothing of can wait until everything is known.
  const gated = FAMILIES.filter((family) => isGated(family, noEvidence(about), gate));
  let evidence = noEvidence(about, labelled, regression);
  let held = applyGate(findingsOf(gated, evidence, seed), gate);
  const sizeOf = ({ size }: Phase): number => size(evidence);
  total = sumOf(phases.map(sizeOf));
  const waiting = phases.filter((phase) => sizeOf(phase) > 0);
  while (waiting.length > 0 && (complete || held.gate !== 'failed')) {
    evidence = await waiting.shift()!.ask(evidence);
    total = done + sumOf(waiting.map(sizeOf));
    assertAnyVerdict(verdictsAsked(evidence).map(({ verdict }) => verdict));
    held = applyGate(findingsOf(gated, evidence, seed), gate);
  }
  const asked = verdictsAsked(evidence);
  const judged = evidence.answers.filter(({ repeats: said }) => said.length > 0);
  return {
    ...applyGate(findingsOf(FAMILIES, evidence, seed), gate),
    details: detailsOf(evidence, seed),
    notAsked: waiting.map(({ name }) => name),
    judgements: asked.length,
    abstentions: countAbstentions(asked.map(({ verdict }) => verdict)),
    unmatchedLabels: unmatchedLabels({ ...evidence, answers: judged }),
    splitLabels: split,
    usage: main.usage,
    heldoutUsage: other?.usage ?? NO_USAGE,
  };
}

/** A part of an examination, before anything of it is asked. */
export interface PlannedPhase {
  name: string;
  by: 'judge' | 'heldout';
  /** Answers that are judged in it; of probes those of the first round. */
  answers: number;
}

/** What an examination asks if nothing fails before, in its order. */
export function plannedPhases(
  input: Pick<
    ValidationInput,
    'judge' | 'heldout' | 'labelled' | 'regression' | 'repeats' | 'probes' | 'seed'
  >,
): PlannedPhase[] {
  const { judge, heldout, labelled, regression, repeats } = input;
  const nothing = noEvidence(aboutJudge(judge, heldout, repeats), labelled, regression);
  const asker = (by: Judge): Asker => new Asker(by, () => {});
  return phasesOf(input, asker(judge), heldout && asker(heldout)).flatMap(({ name, by, size }) => {
    const answers = size(nothing);
    return answers === 0 ? [] : [{ name, by, answers }];
  });
}

/** The phases of an examination, the cheapest first. */
function phasesOf(
  {
    labelled,
    regression,
    repeats,
    probes: perGroup,
    seed,
  }: Pick<ValidationInput, 'labelled' | 'regression' | 'repeats' | 'probes' | 'seed'>,
  main: Asker,
  other: Asker | null,
): Phase[] {
  return [
    {
      name: 'regression cases',
      by: 'judge',
      size: () => sizeOf(regression, repeats),
      ask: async (known) => ({ ...known, cases: await askCases(main, regression, repeats) }),
    },
    {
      name: 'labelled answers',
      by: 'judge',
      size: () => labelled.length,
      ask: (known) => askAgain(known, main, 0),
    },
    {
      name: 'the held-out judge',
      by: 'heldout',
      size: () => (other ? labelled.length : 0),
      ask: async (known) => {
        const opinions = await other!.judgeAll(labelled);
        return { ...known, answers: known.answers.map((one, i) => ({ ...one, heldout: opinions[i]! })) };
      },
    },
    ...Array.from({ length: repeats - 1 }, (_, i): Phase => ({
      name: `repeat ${i + 2} of ${repeats}`,
      by: 'judge',
      size: () => labelled.length,
      ask: (known) => askAgain(known, main, i + 1),
    })),
    {
      name: 'probes',
      by: 'judge',
      size: (known) => probeSize(nextProbes(known, { round: 0, perGroup, seed }), known),
      ask: async (known) => {
        let evidence = known;
        for (let round = 0; ; round++) {
          const cases = nextProbes(evidence, { round, perGroup, seed });
          if (cases.length === 0) return evidence;
          evidence = await askProbes(evidence, cases, main);
        }
      },
    },
  ];
}

async function askAgain(known: Evidence, main: Asker, repeat: number): Promise<Evidence> {
  const opinions = await main.judgeAll(
    known.answers.map(({ answer }) => answer),
    repeat,
  );
  const answers = known.answers.map((one, i) => ({ ...one, repeats: [...one.repeats, opinions[i]!] }));
  return { ...known, answers };
}

const aboutJudge = (
  judge: Pick<Judge, 'criteria' | 'compares'>,
  models: readonly string[],
  hasHeldout: boolean,
  repeats: number,
): AboutJudge => ({
  criteria: judge.criteria,
  compares: judge.compares ?? false,
  models,
  hasHeldout,
  repeats,
});

/** The models that a judge asks: its own, and those of the judges that it is made of. */
export const modelsOf = (judge: Judge): string[] => judgesWithin(judge).map(({ id }) => id);

/** The names of all findings about a judge with these criteria: what `gate:` may name. */
export function findingNames(criteria: readonly Criterion[]): string[] {
  return findingsOf(FAMILIES, noEvidence(aboutJudge({ criteria }, [], false, 1)), 0).map(({ name }) => name);
}

function findingsOf(
  families: readonly FindingFamily[],
  evidence: Evidence,
  seed: number,
): (Finding & { family: string })[] {
  return families.flatMap(({ name: family, find }) =>
    find(evidence, seed).map((finding) => ({ ...finding, family })),
  );
}

const isGated = (family: FindingFamily, evidence: Evidence, gate: Gate): boolean =>
  applyGate(findingsOf([family], evidence, 0), gate).gate !== 'not-set';

/** @throws {RunError} every verdict is an abstention: there is nothing to say about the judge, only about its provider. */
function assertAnyVerdict(verdicts: readonly Verdict[]): void {
  const [first] = verdicts;
  if (first?.status !== 'abstained' || verdicts.some(({ status }) => status === 'scored')) return;
  throw new RunError(
    `The judge gave no verdict on any of ${verdicts.length} judgements; the first: ${first.reason}: ${first.detail} ` +
      'Mend the cause and run again: replies that were paid for are kept.',
  );
}

function countAbstentions(verdicts: readonly Verdict[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const verdict of verdicts) {
    if (verdict.status === 'abstained') counts[verdict.reason] = (counts[verdict.reason] ?? 0) + 1;
  }
  return counts;
}
