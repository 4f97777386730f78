import { join } from 'node:path';
import { enforceGate, validateJudge, type ValidationResult } from '@touchstone/lab';
import { InputError, type JsonValue, type Summary } from '@touchstone/spec';
import { ChatTokenizer, LlamaModel } from '@touchstone/engine';
import { fineTune, Policy } from '@touchstone/train';
import type { Progress } from './progress.js';
import type { Clock } from './clock.js';
import { evaluate } from './stages/evaluate.js';
import { reinforce, trainedPolicy } from './stages/reinforce.js';
import type { JudgeStage, SftStage } from './stages/stages.js';
import { summarise } from './stages/summarise.js';
import type { Workspace } from './workspace/workspace.js';

export interface RunOptions {
  progress: Progress;
  clock: Clock;
  /** Why training goes on although the gate said no. */
  overrideGate?: string | undefined;
}

/**
 * The main job: baseline, judge validation and gate, training, evaluation, summary. A stage that has finished is not
 * done again, so calling this after a crash goes on where it stopped.
 * @throws {GateError} when the judge is not fit to train against and no override says why it may be used.
 */
export async function runPipeline(workspace: Workspace, options: RunOptions): Promise<Summary> {
  const { config, folder, store, data } = workspace;
  const { progress, clock } = options;
  const stage = async (name: string, work: () => Promise<JsonValue | void>): Promise<JsonValue> => {
    const finished = store.stage(name);
    if (finished) return finished.value;
    const begun = clock.seconds();
    const value = (await work()) ?? null;
    store.finishStage(name, clock.seconds() - begun, value);
    return value;
  };

  store.putTasks('train', data.train);
  store.putTasks('eval', data.eval);
  await stage('evaluate base', () => evaluate(workspace, workspace.policy, 'base', progress));
  await stage('judge', async () => {
    const result = await examineJudge(workspace, progress);
    // A refusal is thrown before the stage is finished: the next run examines again, from the cache.
    const gate = enforceGate(result, options.overrideGate);
    const overrideReason = gate === 'overridden' ? (options.overrideGate ?? null) : null;
    return { ...result, gate, overrideReason } satisfies JudgeStage as unknown as JsonValue;
  });
  await stage('train rft', () => reinforce(workspace, progress, clock));
  await stage('evaluate rft', async () =>
    evaluate(workspace, await trainedPolicy(workspace), 'rft', progress),
  );
  if (config.training.sft) {
    const sftFolder = join(folder, 'sft');
    // The comparison is fair only if supervised training had at least as long as reinforcement did.
    const minSeconds = store.steps('train rft').reduce((sum, { seconds }) => sum + seconds, 0);
    await stage('train sft', () => superviseInto(workspace, sftFolder, minSeconds, options));
    await stage('evaluate sft', async () => {
      const [model, tokenizer] = [await LlamaModel.load(sftFolder), await ChatTokenizer.load(sftFolder)];
      await evaluate(workspace, new Policy(model, tokenizer, sftFolder), 'sft', progress);
    });
  }
  return summarise(workspace, clock.date());
}

/** Judges the labelled answers and regression cases, and applies the gate; what it finds is not stored. */
export async function examineJudge(
  { config, judge, heldout, data }: Workspace,
  progress: Progress,
): Promise<ValidationResult> {
  progress.start('Examine the judge');
  const result = await validateJudge({
    judge,
    heldout: heldout?.judge ?? null,
    labelled: data.labelled,
    regression: data.regression,
    repeats: config.validation.repeats,
    gate: config.gate,
    seed: config.seed,
    onProgress: ({ done, total }) => progress.update(done, `of ${total} judgements`),
  });
  progress.end(`gate ${result.gate}`);
  return result;
}

async function superviseInto(
  { config, policy, data }: Workspace,
  folder: string,
  minSeconds: number,
  { progress, clock }: RunOptions,
): Promise<JsonValue> {
  const sft = config.training.sft!;
  if (data.annotations.length === 0) {
    throw new InputError([{ message: 'training.sft needs data.annotations, and there are none' }]);
  }
  const total = Math.round(Math.max(minSeconds, 1));
  progress.start('Supervised fine-tuning (seconds)', total);
  const { model, ...result } = await fineTune(
    policy,
    data.annotations,
    {
      steps: sft.steps,
      minSeconds,
      batchSize: sft.batch_size,
      learningRate: sft.learning_rate,
      validationShare: sft.validation_share,
      evaluateEvery: sft.evaluate_every,
      weightDecay: config.training.weight_decay,
      maxGradNorm: config.training.max_grad_norm,
      seed: config.seed,
    },
    () => clock.seconds(),
    ({ step, seconds, validationLoss }) =>
      progress.update(
        Math.min(total, Math.round(seconds)),
        `step ${step}, validation loss ${validationLoss.toFixed(4)}`,
      ),
  );
  await model.save(folder, policy.folder);
  progress.end(`best at step ${result.bestStep}`);
  return result satisfies SftStage as unknown as JsonValue;
}
