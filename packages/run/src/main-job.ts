import type { EvaluationSummary, RunListener, Summary, TrainingsSummary } from '@touchstone/spec';
import type { Clock } from './clock.js';
import type { ComparisonOptions } from './comparison/compare.js';
import type { Loaded, LoadedConfig } from './config/load.js';
import type { ScoringConfig } from './config/schema.js';
import type { Seeds } from './config/seeds.js';
import type { Finding } from './doctor/finding.js';
import type { EvaluationOptions, Evaluation } from './evaluation/open.js';
import type { EvaluationPlan } from './evaluation/plan.js';
import type { RunOptions } from './pipeline.js';
import type { TrainingPlan } from './training/ahead.js';
import type { Backend } from './training/backend.js';
import type { Trainings } from './trainings/open.js';
import type { TrainingsOptions } from './trainings/run.js';
import type { Workspace } from './workspace/workspace.js';

/*
 * The steps of the main job, and what can be said of its training before it begins, each loaded when it is taken: with them comes the trainer, and whoever examines a judge or
 * scores answers needs none.
 */

/**
 * Opens data, models and the run's store.
 *
 * @param folder the run's folder, absolute; default: `output` of the configuration.
 * @throws {InputError} for anything that is wrong with the configuration's files, all before work begins.
 * @throws {RunError} another process is at work in the folder.
 * @example
 * const workspace = await openWorkspace(await loadConfig('touchstone.yaml'));
 * const summary = await runPipeline(workspace, { onEvent: (event) => console.log(event.type, event.stage) });
 * workspace.store.close();
 */
export async function openWorkspace(loaded: LoadedConfig, folder?: string): Promise<Workspace> {
  const { openWorkspace: open } = await import('./workspace/workspace.js');
  return open(loaded, folder);
}

/**
 * The main job: judge validation and gate, baseline, training, evaluation, summary. The gate comes first: where it says no,
 * nothing else is paid for. A stage that has finished is not done again, so calling this after a crash goes on where it
 * stopped. The last thing it does is write `summary.json`.
 *
 * @throws {PausedError} a monitor has paused the training; `goOn` is why to go on.
 * @throws {GateError} when the judge is not fit to train against and no override says why it may be used.
 * @throws {InputError} what the run needs is missing. @throws {RunError} it cannot go on, and resumes when called again.
 */
export async function runPipeline(workspace: Workspace, options?: RunOptions): Promise<Summary> {
  const { runPipeline: run } = await import('./pipeline.js');
  return run(workspace, options);
}

/**
 * Opens a run of several trainings, which differ in their seed: all else is opened once, so that budgets and limits of the judge hold for
 * all of them together. The seed of the configuration stays that of the judge, its examination and the evaluation of the base.
 *
 * @param seeds how many, from the configuration's on, or which.
 * @param folder as of `openWorkspace`; each training has a folder within it.
 * @throws {InputError} as `openWorkspace`; a training of the folder would be left out; or the backend takes no seed.
 * @throws {RunError} another process is at work in the folder.
 * @example
 * const trainings = await openTrainings(await loadConfig('touchstone.yaml'), 3);
 * const { comparisons } = await runTrainings(trainings);
 * trainings.store.close();
 */
export async function openTrainings(loaded: LoadedConfig, seeds: Seeds, folder?: string): Promise<Trainings> {
  const { openTrainings: open } = await import('./trainings/open.js');
  return open(loaded, seeds, folder);
}

/**
 * The main job over several trainings: the judge is examined and the base evaluated once, and then each training goes through its own
 * stages. It resumes as `runPipeline` does, and the last thing it does is write the `summary.json` of all.
 *
 * @throws {GateError} as `runPipeline`, before anything is trained. @throws {InputError} what the run needs is missing.
 * @throws {RunError} some training cannot go on, and which; the others have finished. Called again, it resumes.
 * @throws {PausedError} likewise, where monitors have paused all that are left.
 */
export async function runTrainings(
  trainings: Trainings,
  options?: TrainingsOptions,
): Promise<TrainingsSummary> {
  const { runTrainings: run } = await import('./trainings/run.js');
  return run(trainings, options);
}

/**
 * Plans the training of a run: the backend's files are written into the run's folder, and nothing is sent or started.
 *
 * @throws {InputError} the backend cannot do what the configuration says.
 */
export async function planTraining(
  workspace: Workspace,
  backends: readonly Backend[],
): Promise<TrainingPlan> {
  const { planTraining: plan } = await import('./training/ahead.js');
  return plan(workspace, backends);
}

/**
 * What `doctor` finds of the trainer that a configuration names. Nothing is paid for, and nothing is left behind.
 *
 * @throws {InputError} the configuration's files are wrong.
 */
export async function examineTraining(
  loaded: LoadedConfig,
  backends: readonly Backend[],
): Promise<Finding[]> {
  const { examineTraining: examine } = await import('./training/ahead.js');
  return examine(loaded, backends);
}

/**
 * Opens an evaluation of any number of models by itself: answers that are stored are read, models that are to answer are opened, and so are the
 * judges. Nothing is asked.
 *
 * @param folder the evaluation's folder, absolute; default: `output` of the configuration.
 * @throws {InputError} anything is wrong with the configuration or a file; or the folder is of another evaluation.
 * @throws {RunError} another process is at work in the folder.
 * @example
 * const evaluation = await openEvaluation(await loadEvaluationConfig('touchstone.yaml'));
 * const summary = await runEvaluation(evaluation);
 * evaluation.store.close();
 */
export async function openEvaluation(
  loaded: Loaded<ScoringConfig>,
  folder?: string,
  options?: EvaluationOptions,
): Promise<Evaluation> {
  const { openEvaluation: open } = await import('./evaluation/open.js');
  return open(loaded, folder, options);
}

/**
 * Asks the models, judges their answers, and writes `evaluation.json`, `records.jsonl` and, where models were compared in pairs, `duels.jsonl` into
 * the folder. What was asked and paid for before is not asked again.
 *
 * @throws {RunError} answers did not come, or too many could not be judged; called again, it goes on.
 */
export async function runEvaluation(
  evaluation: Evaluation,
  options?: { onEvent?: RunListener; clock?: Clock },
): Promise<EvaluationSummary> {
  const { runEvaluation: run } = await import('./evaluation/run.js');
  return run(evaluation, options);
}

/** What an evaluation would ask, by model and judge. Nothing is asked. @throws {InputError} a prompt or an input of a judge is wrong. */
export async function planEvaluation(evaluation: Evaluation): Promise<EvaluationPlan> {
  const { planEvaluation: plan } = await import('./evaluation/plan.js');
  return plan(evaluation);
}

/**
 * Compares the models whose stored answers are in files and folders.
 *
 * @param paths each an evaluation's folder, a run's, or a file of answers, one a line; `NAME=PATH` calls the model NAME, or of several models each
 *   `NAME/model`.
 * @throws {InputError} there is nothing of the kind there, two models have one name, or as `summariseEvaluation`.
 */
export async function compareStored(
  paths: readonly string[],
  options: ComparisonOptions,
): Promise<EvaluationSummary> {
  const { compareStored: compare } = await import('./comparison/compare.js');
  return compare(paths, options);
}
