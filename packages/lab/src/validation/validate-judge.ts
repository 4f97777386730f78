import {
  addUsage,
  type GateOutcome,
  type JudgeDetails,
  type JudgeFinding,
  NO_USAGE,
  type NotAsked,
  RunError,
  type Usage,
  type Verdict,
} from '@touchstone/spec';
import type { Criterion } from '@touchstone/core';

import { sumOf } from '../statistics/values.js';
import { detailsOf } from './details/index.js';
import { type Evidence, noEvidence, randomPart, verdictsAsked } from './evidence.js';
import type { Finding, FindingFamily } from './finding.js';
import { FAMILIES } from './findings/index.js';
import { applyGate, assertGateNames, type Gate } from './gate.js';
import { aboutJudge, type Asked, askersOf, type Phase, phasesOf } from './phases.js';
import { unmatchedLabels } from './ratings.js';
import { assertLabelsFit, settleLabels, withTaskCriteria } from './readings.js';
import { lacksOpinions, withoutUnasked } from './unasked.js';

export interface ValidationInput extends Asked {
  /** What is asked in place of the default gate, by finding; empty: the default gate. */
  gate: Gate;
  /** Asks everything, even when a finding has failed by then. Default: false. */
  complete?: boolean;
  /** Called while answers are judged; `total` of them there are in all, as far as can be told, if nothing fails before. */
  onProgress?: (progress: { done: number; total: number }) => void;
}

export interface ValidationResult {
  findings: JudgeFinding[];
  /** Curves and tables beside the findings. */
  details: JudgeDetails;
  gate: GateOutcome;
  /** What was not asked, or not in full: a gated finding had failed by then, repeats had said enough, or the budget was used up. */
  notAsked: NotAsked[];
  /** How much was not asked because the judge's budget was used up, for people, without a full stop; null: nothing. */
  unasked: string | null;
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

/**
 * Is this judge fit to train against? Asks what is cheapest first, and after each phase holds what is known against the
 * gate: where a finding has failed, the rest is not paid for. Where the judge's budget is used up nothing more is asked either: what
 * it was not asked says nothing of it, and the gate does not pass.
 *
 * @throws {InputError} the gate names an unknown finding, or a label does not fit the criteria; before any call.
 * @throws {RunError} the judge gave no verdict at all.
 */
export async function validateJudge(input: ValidationInput): Promise<ValidationResult> {
  const { judge, regression, repeats, seed, complete = false } = input;
  const gate = gateOf(input);
  assertGateNames(gate, findingNames(judge.criteria));
  const fitting = withTaskCriteria(input.labelled, judge);
  assertLabelsFit(fitting, judge.criteria);
  const { labelled, split } = settleLabels(fitting, judge.criteria);

  let [done, total] = [0, 0];
  const tick = (answers: number): void => {
    done += answers;
    input.onProgress?.({ done, total: Math.max(done, total) });
  };
  const askers = askersOf(input, tick);
  const own = [askers.main, ...askers.variants.map(({ asker }) => asker)];
  const about = aboutJudge(askers, repeats);

  // What the gate asks nothing of can wait until everything is known.
  const gated = FAMILIES.filter((family) => isGated(family, noEvidence(about), gate));
  let evidence = noEvidence(about, labelled, regression);
  let found = findingsOf(gated, evidence, seed);
  let held = applyGate(found, gate);
  let unasked: string | undefined;
  const isAsked = ({ size }: Phase): boolean => size(evidence) > 0;
  const waiting = phasesOf({ ...input, labelled }, askers);
  const notAsked: NotAsked[] = [];
  while (waiting.some(isAsked) && unasked === undefined && (complete || held.gate !== 'failed')) {
    // The first phase is asked alone: a judge that answers nothing is not asked about the rest.
    const turn = nextTurn(waiting, complete && done > 0).filter(isAsked);
    if (turn.length === 0) continue;
    if (!complete && turn.some((phase) => phase.isEnough?.(held.findings))) {
      for (const { name } of turn) notAsked.push({ name, why: 'enough' });
      continue;
    }
    total = done + sumOf([...turn, ...waiting].map(({ size }) => size(evidence)));
    tick(0);
    const additions = await Promise.all(turn.map((phase) => phase.ask(evidence)));
    const isCut = additions.map((add) => lacksOpinions(add(evidence)));
    evidence = additions.reduce((known, add) => add(known), evidence);
    assertAnyVerdict(verdictsAsked(evidence).map(({ verdict }) => verdict));
    const refused = sumOf(own.map((asker) => asker.unasked));
    if (refused > 0) {
      const left = Math.max(0, total - done);
      unasked = `${refused + left} of ${done + left} judgements were not asked because the judge's budget was used up`;
      for (const [i, { name }] of turn.entries()) if (isCut[i]) notAsked.push({ name, why: 'budget' });
    }
    // Where nothing can stop it, what is known in between is of no use.
    else if (complete && waiting.some(isAsked)) continue;
    found = findingsOf(gated, withoutUnasked(evidence, unasked), seed);
    held = applyGate(found, gate);
  }
  const asked = verdictsAsked(evidence);
  const known = withoutUnasked(evidence, unasked);
  const judged = known.answers.filter(({ repeats: said }) => said.length > 0);
  const left = waiting.filter(isAsked);
  const why: NotAsked['why'] = held.gate === 'failed' || unasked === undefined ? 'failed' : 'budget';
  const final = applyGate(
    FAMILIES.flatMap((family) =>
      gated.includes(family)
        ? found.filter((finding) => finding.family === family.name)
        : findingsOf([family], known, seed),
    ),
    gate,
  );
  return {
    ...final,
    findings:
      left.length === 0 && unasked === undefined ? final.findings : final.findings.map(withReason(unasked)),
    details: detailsOf(known, seed),
    notAsked: [...notAsked, ...left.map(({ name }) => ({ name, why }))],
    unasked: unasked ?? null,
    judgements: asked.length,
    abstentions: countAbstentions(asked.map(({ verdict }) => verdict)),
    unmatchedLabels: unmatchedLabels({ ...evidence, answers: judged }),
    splitLabels: split,
    usage: own.map(({ usage }) => usage).reduce(addUsage),
    heldoutUsage: askers.heldout?.usage ?? NO_USAGE,
  };
}

/** A figure that is not there, where questions were left unasked. */
const withReason =
  (unasked: string | undefined) =>
  (finding: JudgeFinding): JudgeFinding =>
    finding.estimate || finding.note !== null
      ? finding
      : {
          ...finding,
          note: `not asked, or of too little: the ${unasked === undefined ? 'gate had failed' : 'budget was used up'} by then`,
        };

/** Takes what is asked next: the first phase, or `atOnce` all that do not follow from what others find. */
function nextTurn(waiting: Phase[], atOnce: boolean): Phase[] {
  const free = atOnce ? waiting.filter(({ follows }) => !follows) : [];
  const turn = free.length > 0 ? free : waiting.slice(0, 1);
  for (const phase of turn) waiting.splice(waiting.indexOf(phase), 1);
  return turn;
}

/** With nothing to examine a judge on and nothing asked of it, there is no gate to pass or to miss. */
const gateOf = ({ labelled, regression, gate }: ValidationInput): Gate =>
  labelled.length + regression.length === 0 && gate !== 'off' && Object.keys(gate).length === 0
    ? 'off'
    : gate;

/** The names of all findings about a judge with these criteria: what `gate:` may name. */
export const findingNames = (criteria: readonly Criterion[]): string[] =>
  findingDescriptions(criteria).map(({ name }) => name);

/** The same with what each measures, in words. */
export function findingDescriptions(criteria: readonly Criterion[]): { name: string; description: string }[] {
  const about = { criteria, compares: false, models: [], hasHeldout: false, repeats: 1, variants: [] };
  return findingsOf(FAMILIES, noEvidence(about), 0).map(({ name, description }) => ({ name, description }));
}

/** Of a figure that knows no weights. */
const RANDOM_ONLY = 'of the tasks that were drawn at random, without those that were drawn for being hard';

function findingsOf(
  families: readonly FindingFamily[],
  evidence: Evidence,
  seed: number,
): (Finding & { family: string })[] {
  return families.flatMap(({ name: family, find, weighs }) => {
    if (weighs || !evidence.weights) return find(evidence, seed).map((finding) => ({ ...finding, family }));
    return find(randomPart(evidence), seed).map((finding) => ({
      ...finding,
      note: [finding.note, RANDOM_ONLY].filter(Boolean).join('; '),
      family,
    }));
  });
}

const isGated = (family: FindingFamily, evidence: Evidence, gate: Gate): boolean =>
  applyGate(findingsOf([family], evidence, 0), gate).gate !== 'not-set';

/** @throws {RunError} every verdict is an abstention: there is nothing to say about the judge, only about its provider. */
function assertAnyVerdict(verdicts: readonly Verdict[]): void {
  const [first] = verdicts;
  if (first?.status !== 'abstained' || verdicts.some(({ status }) => status === 'scored')) return;
  throw new RunError(
    `The judge gave no verdict on any of ${verdicts.length} judgements; the first: ${first.reason}: ${first.detail}. ` +
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
