import {
  gradients,
  logProbabilities,
  scheduleFactor,
  type CausalLM,
  type TrainingSequence,
} from '@touchstone/engine';
import { InputError, random, type Task } from '@touchstone/spec';
import { openOptimizer } from '../optimizer.js';
import type { Policy } from '../policy.js';
import type { OptimizerOptions, SftOptions } from '../schema.js';
import { negativeLogLikelihood } from './loss.js';

export interface FineTuneOptions {
  sft: SftOptions;
  optimizer: OptimizerOptions;
  /** Seconds that it may have beyond its steps while it still gets better, so that a comparison with a longer training is fair. */
  seconds: number;
  seed: number;
}

export interface FineTuneResult {
  /** The weights with the lowest validation loss. */
  model: CausalLM;
  steps: number;
  bestStep: number;
  examples: number;
  /** Mean negative log-likelihood per answer token, at the best step. */
  validationLoss: number;
}

interface Example {
  tokens: number[];
  start: number;
}

/**
 * Supervised fine-tuning on answers, with early stopping (Prechelt 1998): after its steps it goes on until so many looks at the
 * validation loss have brought nothing better, or its seconds are over.
 *
 * @param now seconds; the caller's clock
 * @throws {RangeError} when there are fewer than two examples.
 * @throws {InputError} naming each task whose prompt and answer are more than the model has positions for.
 */
export async function fineTune(
  policy: Policy,
  annotations: readonly { task: Task; answer: string }[],
  { sft, optimizer, seconds, seed }: FineTuneOptions,
  now: () => number,
  onStep?: (progress: { step: number; seconds: number; loss: number; validationLoss: number }) => void,
): Promise<FineTuneResult> {
  if (annotations.length < 2)
    throw new RangeError(`expected at least 2 annotated answers, got ${annotations.length}`);
  const examples = examplesOf(policy, annotations);
  refuseTooLong(examples, annotations, policy.model.config.maxPositions);
  const shuffled = random(seed, 'sft-split').shuffle(examples);
  const held = Math.max(1, Math.round(examples.length * sft.validation_share));
  const validation = shuffled.slice(0, held);
  const training = shuffled.slice(held);

  const model = policy.model.clone();
  const adamw = openOptimizer(model, optimizer);
  let best = { model: model.clone(), step: 0, loss: await meanLoss(model, validation) };
  const begun = now();
  let validationLoss = best.loss;
  let step = 0;
  const mayImprove = (): boolean => step - best.step < sft.patience * sft.evaluate_every;
  while (step < sft.steps || (mayImprove() && now() - begun < seconds)) {
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
    if (step % sft.evaluate_every === 0) {
      validationLoss = await meanLoss(model, validation);
      if (validationLoss < best.loss) best = { model: model.clone(), step, loss: validationLoss };
    }
    onStep?.({ step, seconds: now() - begun, loss, validationLoss });
  }
  return {
    model: best.model,
    steps: step,
    bestStep: best.step,
    examples: examples.length,
    validationLoss: best.loss,
  };
}

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
