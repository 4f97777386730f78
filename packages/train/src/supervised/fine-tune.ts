import {
  gradients,
  logProbabilities,
  scheduleFactor,
  type CausalLM,
  type TrainingSequence,
} from '@touchstone/engine';
import { InputError, random, type Task } from '@touchstone/spec';
import type { Checkpoint, SupervisedState } from '../checkpoint.js';
import { openOptimizer } from '../optimizer.js';
import type { Policy } from '../policy.js';
import type { OptimizerOptions, SftOptions } from '../schema.js';
import { negativeLogLikelihood } from './loss.js';

/** What is fine-tuned, on what, and how. */
export interface FineTuneOptions {
  /** Where training starts from. It is left as it is. */
  policy: Policy;
  annotations: readonly { task: Task; answer: string }[];
  sft: SftOptions;
  optimizer: OptimizerOptions;
  /** Seconds that it may have in all where it still gets better after its steps, so that a comparison with a longer training is fair. */
  seconds: number;
  seed: number;
  /** Seconds; the caller's clock. */
  now: () => number;
  /** Goes on after this step instead of starting. */
  from?: FineTuneCheckpoint | null;
}

/** What fine-tuning goes on from. */
export interface FineTuneCheckpoint extends Checkpoint {
  supervised: SupervisedState;
  /** With the weights of `supervised.best`. */
  best: Policy;
}

/** What one step did. */
export interface FineTuneStep {
  /** 1-based. */
  step: number;
  /** Of training so far. */
  seconds: number;
  /** Mean negative log-likelihood per answer token, of the step's batch. */
  loss: number;
  /** The same of the annotations that are held back, when they were last looked at. */
  validationLoss: number;
  /** Whether that was after this step: only then can training go on from it. */
  isLook: boolean;
  /** What going on from it needs. Good until the next step is asked for. */
  checkpoint(): FineTuneCheckpoint;
}

interface Example {
  tokens: number[];
  start: number;
}

/**
 * Supervised fine-tuning on answers, a step at a time, with early stopping (Prechelt 1998): after its steps it goes on until so many looks at the
 * validation loss have brought nothing better, or its seconds are over. Stopping after a look and going on from there comes to the same weights, bit
 * by bit, as not stopping. The clock decides one thing, once: when its own steps are done, how many the seconds come to at the pace so far.
 *
 * @throws {RangeError} when there are fewer than two examples.
 * @throws {InputError} naming each task whose prompt and answer are more than the model has positions for.
 */
export async function* fineTune({
  policy,
  annotations,
  sft,
  optimizer,
  seconds: allowed,
  seed,
  now,
  from = null,
}: FineTuneOptions): AsyncGenerator<FineTuneStep, void, undefined> {
  if (annotations.length < 2)
    throw new RangeError(`expected at least 2 annotated answers, got ${annotations.length}`);
  const examples = examplesOf(policy, annotations);
  refuseTooLong(examples, annotations, policy.model.config.maxPositions);
  const shuffled = random(seed, 'sft-split').shuffle(examples);
  const held = Math.max(1, Math.round(examples.length * sft.validation_share));
  const validation = shuffled.slice(0, held);
  const training = shuffled.slice(held);

  const learning = from?.policy ?? policy.clone();
  const { model } = learning;
  const adamw = openOptimizer(model, optimizer);
  if (from) adamw.restore(from.optimizer);
  let best = from
    ? { ...from.supervised.best, policy: from.best }
    : { step: 0, loss: await meanLoss(model, validation), policy };
  let { seconds, last, validationLoss } = from?.supervised ?? {
    seconds: 0,
    last: null,
    validationLoss: best.loss,
  };
  let step = from?.step ?? 0;
  const looksAt = (at: number): boolean => at % sft.evaluate_every === 0 || at === sft.steps || at === last;
  const hasStalled = (): boolean => step - best.step >= sft.patience * sft.evaluate_every;
  const goesOn = (): boolean => last === null || (step < last && !(looksAt(step) && hasStalled()));
  while (goesOn()) {
    const begun = now();
    const draw = random(seed, 'sft-batch', step);
    const batch = Array.from({ length: sft.batch_size }, () => draw.pick(training));
    const tokens = batch.reduce((sum, example) => sum + example.tokens.length - example.start, 0);
    const sequences = batch.map((example): TrainingSequence => ({
      ...example,
      columns: { weight: 1 / tokens },
    }));
    const { loss, gradients: gradient } = await gradients(model, sequences, negativeLogLikelihood);
    const factor = scheduleFactor(step, { steps: sft.steps, warmup: 10, decay: 'cosine' });
    await adamw.update(gradient, sft.learning_rate * factor);
    step += 1;
    const isLook = looksAt(step);
    if (isLook) {
      validationLoss = await meanLoss(model, validation);
      if (validationLoss < best.loss) best = { step, loss: validationLoss, policy: learning.clone() };
    }
    seconds += now() - begun;
    if (step === sft.steps) last = stepsWithin(allowed, seconds / step, step);
    const state = { seconds, last, validationLoss, best: { step: best.step, loss: best.loss } };
    const reached = { step, best: best.policy };
    yield {
      step,
      seconds,
      loss,
      validationLoss,
      isLook,
      checkpoint: () => ({
        step: reached.step,
        policy: learning,
        optimizer: adamw.state(),
        supervised: state,
        best: reached.best,
      }),
    };
  }
}

/** Steps that so many seconds come to, and at least those that are made. @param pace seconds a step. */
const stepsWithin = (seconds: number, pace: number, made: number): number =>
  seconds === 0 ? made : Math.min(Number.MAX_SAFE_INTEGER, Math.max(made, Math.floor(seconds / pace)));

/** Annotated answers as sequences, each with the token that ends it. */
export function examplesOf(
  { model, tokenizer }: Policy,
  annotations: readonly { task: Task; answer: string }[],
): Example[] {
  const [end] = model.config.eosTokens;
  return annotations.map(({ task, answer }) => {
    const prompt = tokenizer.encodeChat(task.messages);
    return {
      tokens: [...prompt, ...tokenizer.encode(answer), ...(end === undefined ? [] : [end])],
      start: prompt.length,
    };
  });
}

function refuseTooLong(
  examples: readonly Example[],
  annotations: readonly { task: Task }[],
  positions: number,
): void {
  const problems = examples.flatMap(({ tokens: { length } }, i) =>
    length <= positions
      ? []
      : [
          {
            message:
              `task ${annotations[i]!.task.id}: its prompt and annotated answer have ${length} tokens, ` +
              `the model has ${positions} positions: shorten them or leave the answer out`,
          },
        ],
  );
  if (problems.length > 0) throw new InputError(problems);
}

async function meanLoss(model: CausalLM, examples: readonly Example[]): Promise<number> {
  const logs = await logProbabilities(model, examples);
  const tokens = logs.reduce((sum, { length }) => sum + length, 0);
  return -logs.reduce((sum, log) => sum + log.reduce((a, b) => a + b, 0), 0) / tokens;
}
