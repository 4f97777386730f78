import { gradients, type TrainingSequence } from '@touchstone/engine';
import { largest, type Task } from '@touchstone/spec';
import {
  makeBatch,
  openAlgorithm,
  openOptimizer,
  sampleGroups,
  withReference,
  type Policy,
  type PolicyRollout,
} from '@touchstone/train';
import type { Clock } from '../../clock.js';
import type { Config } from '../../config/schema.js';
import { fitting, repeated, ROUND_SECONDS, ROUNDS, spreadOf, timed, type Spread } from './repeat.js';

/** How fast a step's answers are written. */
export interface DecodingSpeed {
  /** Prompts of a round: those of a step, or fewer where they would take too long. */
  prompts: number;
  answers: number;
  /** Tokens that an answer could have: `policy.max_tokens`, or fewer where they would take too long. */
  maxTokens: number;
  tokensPerAnswer: Spread;
  /** Of the longest answer of all rounds. */
  longestAnswerTokens: number;
  tokensPerSecond: Spread;
  secondsPerRound: Spread;
  /** To read a round's prompts and write one token to each. */
  promptSecondsPerRound: Spread;
}

/** How fast a step is learned from. Tokens are those of the answers and, once a group, of the prompt. */
export interface TrainingSpeed {
  /** Groups of a round: those of a step, or fewer where they would take too long. */
  groups: number;
  tokens: number;
  /** What `tokens` would be, if every answer were as long as `policy.max_tokens` lets it be. */
  mostTokens: number;
  /** Of the gradient alone. */
  tokensPerSecond: Spread;
  secondsPerGradient: Spread;
  /** Of 6 operations a weight and token, as share of the peak of products of matrices. */
  shareOfPeak: Spread;
  secondsPerUpdate: Spread;
  /** Log-probabilities under the policy that training starts from; 0 where the loss has no use for them. */
  secondsForReference: Spread;
}

type Step = Pick<Config, 'training' | 'policy' | 'seed'>;

/** Tokens that answers may have while it is found out how many fit into a round. */
const FEW_TOKENS = 16;

/** Rounds that are told of. */
export const DECODING_ROUNDS = 2 * ROUNDS;

/** Samples answers as a run's steps do. */
export async function measureDecoding(
  policy: Policy,
  tasks: readonly Task[],
  { training, policy: sampling, seed }: Step,
  clock: Clock,
  onRound: () => void,
): Promise<{ speed: DecodingSpeed; rollouts_P_G: PolicyRollout[][] }> {
  const { group_size, prompts_per_step } = training;
  const sample = (prompts: number, maxTokens: number, round: number) =>
    timed(clock, () =>
      sampleGroups(
        policy,
        tasks,
        round + 1,
        { group_size, prompts_per_step: prompts },
        { ...sampling, max_tokens: maxTokens },
        seed,
      ),
    );
  await sample(1, 1, 0);
  const prompts = await fitting(prompts_per_step, async (units) => 2 * (await sample(units, 1, 0)).seconds);
  const reading = await repeated((round) => sample(prompts, 1, round), onRound);
  const promptSecondsPerRound = spreadOf(reading.map(({ seconds }) => seconds));

  const few = Math.min(FEW_TOKENS, sampling.max_tokens);
  await sample(prompts, few, 0);
  const secondsPerToken = ((await sample(prompts, few, 0)).seconds - promptSecondsPerRound.min) / few;
  const left = Math.max(0, ROUND_SECONDS - promptSecondsPerRound.median);
  const maxTokens =
    secondsPerToken > 0
      ? Math.max(few, Math.min(sampling.max_tokens, Math.floor(left / secondsPerToken)))
      : sampling.max_tokens;

  await sample(prompts, maxTokens, 0);
  const rounds = await repeated((round) => sample(prompts, maxTokens, round), onRound);
  const measured = rounds.map(({ seconds, value }) => {
    const lengths = value.flat().map(({ tokens }) => tokens.length);
    return { seconds, tokens: lengths.reduce((a, b) => a + b, 0), longest: largest(lengths) };
  });
  const answers = prompts * group_size;
  const speed: DecodingSpeed = {
    prompts,
    answers,
    maxTokens,
    tokensPerAnswer: spreadOf(measured.map(({ tokens }) => tokens / answers)),
    longestAnswerTokens: largest(measured.map(({ longest }) => longest)),
    tokensPerSecond: spreadOf(measured.map(({ tokens, seconds }) => tokens / seconds)),
    secondsPerRound: spreadOf(measured.map(({ seconds }) => seconds)),
    promptSecondsPerRound,
  };
  return { speed, rollouts_P_G: rounds.at(-1)!.value };
}

/**
 * Makes updates of a copy of the policy as a run's steps do, with every answer standing out from its group.
 *
 * @param peak GFLOP/s of products of matrices.
 */
export async function measureTraining(
  policy: Policy,
  rollouts_P_G: readonly PolicyRollout[][],
  { training, policy: sampling }: Step,
  peak: number,
  clock: Clock,
  onRound: () => void,
): Promise<TrainingSpeed> {
  const { temperature, max_tokens } = sampling;
  // How fast it goes does not depend on how noisy a judge is.
  const algorithm = openAlgorithm(training, sampling, { error: 0, smallestChange: 0 });
  const { model } = policy.clone();
  const optimizer = openOptimizer(model, training);
  const differentiate = async (groups: readonly PolicyRollout[][]) => {
    const batch = makeBatch(
      groups.map((rollouts_G) => ({ rollouts_G, scores_G: rollouts_G.map((_, i) => i % 2) })),
      algorithm,
    );
    const reference = await timed(clock, () => withReference(policy.model, batch, algorithm, temperature));
    const gradient = await timed(clock, () => gradients(model, reference.value, algorithm.loss, temperature));
    return { batch, reference: reference.seconds, gradient: gradient.seconds, result: gradient.value };
  };
  const update = async (groups: readonly PolicyRollout[][]) => {
    const { result, ...rest } = await differentiate(groups);
    const { seconds } = await timed(clock, () => optimizer.update(result.gradients, training.learning_rate));
    return { ...rest, update: seconds };
  };
  await update(rollouts_P_G.slice(0, 1));
  const size = await fitting(rollouts_P_G.length, async (units) => {
    const { gradient, reference } = await differentiate(rollouts_P_G.slice(0, units));
    return gradient + reference;
  });
  const groups = rollouts_P_G.slice(0, size);
  const rounds = await repeated(() => update(groups), onRound);
  const tokens = tokensOf(rounds[0]!.batch);
  const prompts = groups.reduce((sum, [first]) => sum + first!.prompt.length, 0);
  const flops = 6 * model.size * tokens;
  return {
    groups: groups.length,
    tokens,
    mostTokens: prompts + groups.flat().length * max_tokens,
    tokensPerSecond: spreadOf(rounds.map(({ gradient }) => tokens / gradient)),
    secondsPerGradient: spreadOf(rounds.map(({ gradient }) => gradient)),
    shareOfPeak: spreadOf(rounds.map(({ gradient }) => flops / gradient / 1e9 / peak)),
    secondsPerUpdate: spreadOf(rounds.map(({ update }) => update)),
    secondsForReference: spreadOf(rounds.map(({ reference }) => reference)),
  };
}

/** Of all answers, and of each prompt once. */
function tokensOf(batch: readonly TrainingSequence[]): number {
  const prompts = new Map(batch.map(({ tokens, start }) => [tokens.slice(0, start).join(), start]));
  const answers = batch.reduce((sum, { tokens, start }) => sum + tokens.length - start, 0);
  return answers + [...prompts.values()].reduce((a, b) => a + b, 0);
}
