import {
  compareTrainings,
  summariseModel,
  summariseTrainings as overTrainings,
  truthAgreement,
  type EvaluationRecord,
} from '@touchstone/lab';
import {
  NO_USAGE,
  RunError,
  TRAININGS_SUMMARY_VERSION,
  type Estimate,
  type JudgeSummary,
  type Summary,
  type TrainingsSummary,
  type Usage,
} from '@touchstone/spec';
import { otherAlarms } from '../stages/alarms.js';
import { evaluationRecords } from '../stages/evaluate.js';
import { judgeOfRun } from '../stages/judge-summary.js';
import { readStage } from '../stages/stage.js';
import { evaluationOf, JUDGE, modelNames } from '../stages/stages.js';
import { comparedPairs, countAbstentions, judgeTotals } from '../stages/summarise.js';
import { evalIsTrained } from '../workspace/held-out.js';
import { versions } from '../workspace/provenance.js';
import type { Workspace } from '../workspace/workspace.js';
import { folderOf } from './folders.js';
import type { Trainings } from './open.js';

/** It is not trained, so that it is evaluated once. */
const BASE = 'base';

/**
 * Every figure of several finished trainings together.
 *
 * @param summaries of each, in their order.
 * @param asked the seeds that were asked for, each time that they were others.
 */
export function summariseTrainings(
  { common, members }: Pick<Trainings, 'common' | 'members'>,
  summaries: readonly Summary[],
  asked: readonly (readonly number[])[],
  created: Date,
): TrainingsSummary {
  const { config, store, data } = common;
  const options = { bestOf: config.evaluation.best_of, hasHeldout: common.heldout !== null };
  const names = modelNames(common);
  const recordsOf = (workspace: Workspace, name: string) =>
    evaluationRecords(workspace, workspace.store.rollouts(evaluationOf(name).name));
  const base = recordsOf(common, BASE);
  const trained = names.filter((name) => name !== BASE);
  const records = members.map((member): Record<string, EvaluationRecord[]> => ({
    [BASE]: base,
    ...Object.fromEntries(trained.map((name) => [name, recordsOf(member, name)])),
  }));
  const own = records.map((models) => trained.map((name) => models[name]!).flat());
  return {
    kind: 'trainings',
    version: TRAININGS_SUMMARY_VERSION,
    name: config.name,
    created: created.toISOString(),
    versions: { ...summaries[0]!.versions, ...versions() },
    data: {
      train_tasks: data.train.length,
      eval_tasks: data.eval.length,
      eval_trained: evalIsTrained(common),
      labelled: data.labelled.length,
    },
    seed: config.seed,
    untrained: [BASE],
    models: Object.fromEntries(
      names.map((name) => [
        name,
        name === BASE
          ? summariseModel(base, options)
          : overTrainings(
              records.map((models) => models[name]!),
              options,
            ),
      ]),
    ),
    comparisons: compareTrainings(records, comparedPairs(names)),
    judge: judgeOfAll(common, summaries, truthAgreement([...base, ...own.flat()])),
    trainings: summaries.map((summary) => ({ ...ofTraining(summary), folder: folderOf(summary.seed) })),
    alarms: [...otherAlarms(store), ...seedsChanged(asked)],
  };
}

/** What the summary of all has of one training's. */
const ofTraining = ({
  seed,
  models,
  comparisons,
  training,
  steps,
  stages,
  alarms,
  monitor_alarms,
  resumed,
}: Summary): Omit<TrainingsSummary['trainings'][number], 'folder'> => ({
  seed,
  models,
  comparisons,
  training,
  steps,
  stages,
  alarms,
  monitor_alarms,
  resumed,
});

/** The judge in the common part and in all trainings. */
function judgeOfAll(
  common: Workspace,
  summaries: readonly Summary[],
  agreement: Estimate | null,
): JudgeSummary {
  const { store, judge, heldout } = common;
  const examined = readStage(store, JUDGE)?.value;
  if (!examined) throw new RunError('the run has not finished: its judge was not examined');
  const base = countAbstentions(store.rollouts(evaluationOf(BASE).name), examined.abstentions);
  const own = summaries.map((summary) => summary.judge);
  const reasons = [...new Set(own.flatMap(({ abstentions }) => Object.keys(abstentions)))];
  return judgeOfRun(common, examined, {
    usage: usageOfAll(judgeTotals(store, judge), own),
    heldoutUsage: heldout
      ? usageOfAll(
          judgeTotals(store, heldout.judge),
          own.flatMap(({ heldout_cost: cost }) => cost ?? []),
        )
      : NO_USAGE,
    abstentions: Object.fromEntries(
      reasons.map((reason) => {
        const adopted = base[reason] ?? 0;
        const each = own.map(({ abstentions }) => (abstentions[reason] ?? 0) - adopted);
        return [reason, each.reduce((all, one) => all + one, adopted)];
      }),
    ),
    agreement,
  });
}

/** @param first in the common part. */
function usageOfAll(first: Usage, own: readonly NonNullable<JudgeSummary['heldout_cost']>[]): Usage {
  return own.reduce(
    (all, { calls, saved, input_tokens, output_tokens, money }) => ({
      calls: all.calls + calls,
      inputTokens: all.inputTokens + input_tokens,
      outputTokens: all.outputTokens + output_tokens,
      money: all.money + money,
      // What each training has adopted of the common part counts once.
      saved: all.saved + Math.max(0, saved - first.saved),
    }),
    first,
  );
}

const seedsChanged = (asked: readonly (readonly number[])[]): string[] =>
  asked.length < 2
    ? []
    : [
        `The seeds were changed after training had begun: ${asked.map((seeds) => seeds.join(', ')).join('; then ')}. ` +
          'Trainings that are added or left out by what came out so far make an interval leave out 0 too often: ' +
          'ask for all seeds at the start, in another folder.',
      ];
