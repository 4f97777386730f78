import { type EvaluationSummary, InputError } from '@touchstone/spec';

import { meanAtEqualLength } from '../statistics/equal-length.js';
import { SHARE } from '../statistics/jackknife.js';
import { groupBy, meanOf } from '../statistics/values.js';
import type { ByTask } from './by-task.js';
import type { Evaluated } from './evaluated.js';
import { correctedMeans, shownBy } from './family.js';
import type { ModelPair } from './pairs.js';
import type { EvaluationRecord } from './record.js';
import type { Duel } from './evaluation-input.js';

type DuelsSummary = EvaluationSummary['duels'][number];

/** A duel with a verdict, seen from the pair's model. */
interface Judged {
  duel: Duel;
  /** What it counts for the model. */
  worth: number;
}

/**
 * Win rates of a preference judge that was asked in both orders. What it decides otherwise in the other order counts half.
 *
 * @returns an entry for each pair that has duels.
 * @throws {InputError} a duel is of a model or of answers that are not there, or is there twice.
 */
export function summariseDuels(
  duels: readonly Duel[],
  pairs: readonly ModelPair[],
  evaluated: Evaluated,
): DuelsSummary[] {
  const answers = answersOf(evaluated);
  assertDuels(duels, answers);
  const held = pairs.flatMap((pair) => {
    const [model, baseline] = [pair.model.name, pair.baseline.name];
    const own = duels.filter(
      ({ a, b }) => (a === model && b === baseline) || (a === baseline && b === model),
    );
    const judged = own.flatMap((duel): Judged[] => {
      if (duel.outcome === null) return [];
      const forA = duel.consistent ? duel.outcome : 0.5;
      return [{ duel, worth: duel.a === model ? forA : 1 - forA }];
    });
    return own.length === 0 ? [] : [{ model, baseline, own, judged }];
  });
  const family = correctedMeans(
    held.map(({ judged }) => [byTask(judged, ({ worth }) => worth)]),
    evaluated.clusterOf,
    SHARE,
  );
  return held.map(({ model, baseline, own, judged }, i) => {
    const { estimate, corrected } = family[i]!;
    const decided = judged.filter(({ duel }) => duel.consistent);
    const count = (worth: number): number => decided.filter((one) => one.worth === worth).length;
    return {
      model,
      baseline,
      judged: judged.length,
      silent: own.length - judged.length,
      inconsistent: judged.length - decided.length,
      wins: count(1),
      ties: count(0.5),
      losses: count(0),
      win_rate: estimate,
      corrected,
      shown: shownBy(corrected, 0.5),
      ...atEqualLength(judged, model, baseline, answers, evaluated),
    };
  });
}

function byTask(judged: readonly Judged[], of: (one: Judged) => number): ByTask {
  const groups = groupBy(
    judged,
    judged.map(({ duel }) => duel.taskId),
  );
  return new Map(groups.map((group) => [group[0]!.duel.taskId, meanOf(group.map(of))]));
}

function atEqualLength(
  judged: readonly Judged[],
  model: string,
  baseline: string,
  answers: Answers,
  { clusterOf, logLengthOf }: Evaluated,
): Pick<DuelsSummary, 'length_controlled' | 'length_note'> {
  const known = judged.flatMap((one) => {
    const length = (name: string): number | null => {
      const answer = answers.get(keyOf(name, one.duel));
      return answer && logLengthOf ? logLengthOf(answer) : null;
    };
    const [own, rival] = [length(model), length(baseline)];
    return own === null || rival === null ? [] : [{ ...one, longer: own - rival }];
  });
  if (known.length === 0) return { length_controlled: null, length_note: 'unknown' };
  const { estimate, note } = meanAtEqualLength(
    known.map(({ worth, longer }) => ({ value: worth, longer })),
    known.map(({ duel }) => clusterOf(duel.taskId)),
    SHARE,
  );
  return { length_controlled: estimate, length_note: note };
}

/** Answers of models that were trained once, by model, task and sample. */
type Answers = ReadonlyMap<string, EvaluationRecord>;

const keyOf = (model: string, { taskId, sample }: Pick<Duel, 'taskId' | 'sample'>): string =>
  JSON.stringify([model, taskId, sample]);

const answersOf = ({ models }: Evaluated): Answers =>
  new Map(
    models.flatMap(({ name, trainings }) =>
      trainings.length > 1
        ? []
        : trainings[0]!.map((record): [string, EvaluationRecord] => [keyOf(name, record), record]),
    ),
  );

function assertDuels(duels: readonly Duel[], answers: Answers): void {
  const seen = new Set<string>();
  for (const duel of duels) {
    const { taskId, sample, a, b, outcome } = duel;
    const name = `the duel of "${a}" and "${b}" on task "${taskId}", sample ${sample}`;
    const fail = (problem: string): never => {
      throw new InputError([{ message: `${name}: ${problem}` }]);
    };
    if (a === b) fail('expected two models');
    for (const model of [a, b]) {
      if (!answers.has(keyOf(model, duel)))
        fail(`"${model}" has no such answer, or was trained several times`);
    }
    if (outcome !== null && ![0, 0.5, 1].includes(outcome))
      fail(`expected 1, 0.5, 0 or null, got ${outcome}`);
    const key = JSON.stringify([[a, b].sort(), taskId, sample]);
    if (seen.has(key)) fail('it is there twice');
    seen.add(key);
  }
}
