import {
  addUsage,
  type JudgeFinding,
  NO_USAGE,
  type Rollout,
  RunError,
  type Usage,
  type Verdict,
} from '@touchstone/spec';

import { abstentionRate } from './abstention-rate.js';
import type { Finding } from './finding.js';
import { flipRate } from './flip-rate.js';
import { applyGate, assertGateNames, type Gate } from './gate.js';
import { heldoutCorrelation } from './heldout-correlation.js';
import type { Criterion, Judge, LabelledAnswer, RegressionCase } from '@touchstone/core';
import { labelAgreement } from './label-agreement.js';
import { assertLabelsFit, type JudgedAnswer, type Opinion, readLabels, wasAsked } from './readings.js';
import { type JudgedCase, regressionCases } from './regression-cases.js';

export interface ValidationInput {
  judge: Judge;
  /** Never trained against; null where there is none. */
  heldout: Judge | null;
  labelled: readonly LabelledAnswer[];
  regression: readonly RegressionCase[];
  /** How often each labelled answer is judged, from 1; the flip rate needs 2. */
  repeats: number;
  /** Empty: everything is reported and nothing stops the run. */
  gate: Gate;
  /** Of the bootstrap. */
  seed: number;
  /** Called after each answer judged by a judge; `total` of them there are in all. */
  onProgress?: (progress: { done: number; total: number }) => void;
}

export interface ValidationResult {
  findings: JudgeFinding[];
  gate: 'passed' | 'failed' | 'not-set';
  /** Judgements asked of the judge, and those it abstained from, by reason. */
  judgements: number;
  abstentions: Record<string, number>;
  /** Labels that no verdict could be compared with. */
  unmatchedLabels: number;
  usage: Usage;
  heldoutUsage: Usage;
}

/**
 * Is this judge fit to train against? Judges every labelled answer `repeats` times (with repeat indexes 0, 1, … so that
 * a cache keeps them apart), once by the held-out judge, and every regression case once; then measures the
 * verdicts. Calls are made all at once: the judge's dispatcher limits them.
 *
 * @throws {InputError} the gate names an unknown finding, or a label does not fit the criteria; before any call.
 * @throws {RunError} the judge gave no verdict at all.
 */
export async function validateJudge(input: ValidationInput): Promise<ValidationResult> {
  const { judge, heldout, labelled, regression, repeats, gate, seed } = input;
  assertGateNames(gate, findingNames(judge.criteria));
  assertLabelsFit(labelled, judge.criteria);

  const total = labelled.length * (repeats + (heldout ? 1 : 0)) + regression.length;
  let done = 0;
  const ask = (by: Judge): Asker => {
    const asker: Asker = {
      usage: NO_USAGE,
      judge: async (answers, repeat) => {
        const rollouts = answers.map((answer, index) => ({ ...answer, id: String(index) }));
        const groups = by.compares ? byTask(rollouts) : rollouts.map((rollout) => [rollout]);
        const opinions: Opinion[] = [];
        await Promise.all(
          groups.map(async (group) => {
            const judgements = await by.judge(group, { repeat });
            judgements.forEach(({ answer, verdicts, usage }, i) => {
              opinions[Number(group[i]!.id)] = { answer, verdicts: verdicts.filter(isOwn) };
              asker.usage = addUsage(asker.usage, usage);
              input.onProgress?.({ done: ++done, total });
            });
          }),
        );
        return opinions;
      },
    };
    return asker;
  };
  const main = ask(judge);
  const other = heldout && ask(heldout);

  const [heldoutOpinions, repeated, caseOpinions] = await Promise.all([
    other ? other.judge(labelled, 0) : null,
    Promise.all(Array.from({ length: repeats }, (_, repeat) => main.judge(labelled, repeat))),
    main.judge(regression, 0),
  ]);
  const answers = labelled.map((answer, i): JudgedAnswer => ({
    answer,
    heldout: heldoutOpinions?.[i] ?? null,
    repeats: repeated.map((opinions) => opinions[i]!),
  }));
  const cases = regression.map((one, i): JudgedCase => ({ case: one, opinion: caseOpinions[i]! }));

  const asked = verdictsAsked(answers, cases);
  assertAnyVerdict(asked.map(({ verdict }) => verdict));
  return {
    ...applyGate(findingsOf(answers, cases, judge.criteria, seed), gate),
    judgements: asked.length,
    abstentions: countAbstentions(asked.map(({ verdict }) => verdict)),
    unmatchedLabels: readLabels(answers, judge.criteria).unmatched,
    usage: main.usage,
    heldoutUsage: other?.usage ?? NO_USAGE,
  };
}

/** The names of all findings about a judge with these criteria: what `gate:` may name. */
export function findingNames(criteria: readonly Criterion[]): string[] {
  return findingsOf([], [], criteria, 0).map(({ name }) => name);
}

interface Asker {
  usage: Usage;
  /** One opinion per answer, in order. A judge that compares is shown the answers to a task together. */
  judge(answers: readonly Pick<Rollout, 'task' | 'response'>[], repeat: number): Promise<Opinion[]>;
}

const isOwn = ({ member }: Verdict): boolean => member === undefined;

function byTask<T extends Pick<Rollout, 'task'>>(answers: readonly T[]): T[][] {
  const groups = new Map<string, T[]>();
  for (const answer of answers) groups.set(answer.task.id, [...(groups.get(answer.task.id) ?? []), answer]);
  return [...groups.values()];
}

function findingsOf(
  answers: readonly JudgedAnswer[],
  cases: readonly JudgedCase[],
  criteria: readonly Criterion[],
  seed: number,
): Finding[] {
  return [
    ...flipRate(answers, criteria, seed),
    ...labelAgreement(readLabels(answers, criteria).readings, criteria, seed),
    heldoutCorrelation(answers, seed),
    ...regressionCases(cases),
    abstentionRate(verdictsAsked(answers, cases), seed),
  ];
}

function verdictsAsked(
  answers: readonly JudgedAnswer[],
  cases: readonly JudgedCase[],
): { task: string; verdict: Verdict }[] {
  return [
    ...answers.map(({ answer, repeats }) => ({
      task: answer.task.id,
      verdicts: repeats.flatMap(({ verdicts }) => verdicts),
    })),
    ...cases.map(({ case: { task }, opinion: { verdicts } }) => ({ task: task.id, verdicts })),
  ].flatMap(({ task, verdicts }) => verdicts.filter(wasAsked).map((verdict) => ({ task, verdict })));
}

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
