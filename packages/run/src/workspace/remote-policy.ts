import { fingerprintOf, openCalls, type ModelAccess } from '@touchstone/core';
import {
  ProviderError,
  RunError,
  type LanguageModel,
  type ModelReply,
  type ReplyCache,
  type Rollout,
  type Task,
} from '@touchstone/spec';
import { sha256 } from '@touchstone/store';
import type { Draws, SamplingOptions } from '@touchstone/train';
import { answerCallsSchema } from '../config/evaluation-schema.js';
import type { Config } from '../config/schema.js';
import { rewardResources } from './reward-resources.js';

/** An answer that came over the network, with as much as is known of it. */
interface RemoteAnswer {
  rollout: Rollout;
  /** As the provider counts them. */
  tokens: { length: number };
}

/** Answers are drawn: what is read of one is read later. An end that the provider does not explain is no answer. */
const isAnswer = ({ finish }: ModelReply): boolean => finish !== 'other';

/** Of the answer to a question whose answer nobody reads. */
const PROBE_TOKENS = 64;

/** The parts of a configuration that say how the policy is asked. */
interface RemoteSettings {
  policy: Pick<Config['policy'], 'calls'>;
  training: Pick<Config['training'], 'aws'>;
  seed: number;
}

/**
 * A policy behind an API: the base of a model that is trained elsewhere, or what came out of it. It answers tasks, and nothing else
 * can be done with it here.
 */
export class RemotePolicy {
  private constructor(
    readonly model: string,
    /** Of the model and of all settings that change its answers. */
    readonly fingerprint: string,
    private readonly access: ModelAccess,
  ) {}

  /**
   * Nothing is sent yet.
   *
   * @param model `provider:model`
   * @param cache replies already paid for: an evaluation that was stopped asks for none of them again.
   * @throws {InputError} the model cannot be opened: a key, a package or a region is missing.
   */
  static async open(
    model: string,
    { policy: { calls }, training: { aws }, seed }: RemoteSettings,
    baseDir: string,
    cache: ReplyCache,
  ): Promise<RemotePolicy> {
    const config = { ...(calls ?? answerCallsSchema.parse({})), model, fallbacks: [] };
    const resources = await rewardResources({ reward: { checks: [] } }, baseDir);
    // What is trained in a region is asked there, whatever the machine's own is.
    const env = aws ? { ...process.env, AWS_REGION: aws.region } : process.env;
    const access = await openCalls(config, { ...resources, cache, seed, env });
    const answering = { ...access, model: answeringEmpty(access.model) };
    return new RemotePolicy(model, fingerprintOf(config, access), answering);
  }

  /**
   * Asks one short question, to see that the model answers before more is asked of it. A reply that came once is not asked for again.
   *
   * @throws {RunError} no answer came.
   */
  async probe({ temperature, max_tokens }: SamplingOptions): Promise<void> {
    const { reply, error } = await this.access.dispatcher.call(
      this.access.model,
      {
        messages: [{ role: 'user', content: 'Are you there? Answer with yes.' }],
        maxOutputTokens: Math.min(max_tokens, PROBE_TOKENS),
        temperature,
        seed: 0,
      },
      `${this.fingerprint}-probe`,
      false,
      isAnswer,
    );
    if (reply && isAnswer(reply)) return;
    throw new RunError(
      `${this.model} does not answer: ${error?.message ?? 'the provider ended the answer and does not say why'}`,
    );
  }

  /**
   * Draws `samples` answers to each task, grouped by task in order, as `Policy.sample` does. What was drawn before is not asked
   * for again, so that a run that was stopped goes on with the same answers.
   *
   * @param onAnswer told of each answer that has come.
   * @throws {RunError} some answers did not come: those that did are kept.
   */
  async sample(
    tasks: readonly Task[],
    { temperature, max_tokens }: SamplingOptions,
    { samples, seed, name }: Draws,
    onAnswer: () => void = () => {},
  ): Promise<RemoteAnswer[]> {
    const asked = tasks.flatMap((task, place) =>
      Array.from({ length: samples }, (_, index) => ({ task, group: `${name}/${place}/${task.id}`, index })),
    );
    const missing: string[] = [];
    const answers = await Promise.all(
      asked.map(async ({ task, group, index }): Promise<RemoteAnswer | null> => {
        const question = sha256(
          JSON.stringify([seed, task.id, task.messages, temperature, max_tokens, index]),
        );
        const { reply, error } = await this.access.dispatcher.call(
          this.access.model,
          {
            messages: task.messages,
            maxOutputTokens: max_tokens,
            temperature,
            seed: parseInt(question.slice(0, 7), 16),
          },
          `${this.fingerprint}-${question.slice(0, 32)}-${index}`,
          false,
          isAnswer,
        );
        if (!reply || !isAnswer(reply)) {
          missing.push(
            `task ${task.id}: ${error?.message ?? 'the provider ended the answer and does not say why'}`,
          );
          return null;
        }
        onAnswer();
        const finish = reply.finish === 'length' ? 'length' : 'stop';
        return {
          rollout: { id: `${group}/${index}`, task, response: reply.text, finish, group, policy: name },
          tokens: { length: reply.outputTokens },
        };
      }),
    );
    if (missing.length > 0) {
      throw new RunError(
        `${missing.length} of ${asked.length} answers of ${this.model} did not come: ${missing[0]}. ` +
          'Those that came are kept: when it can answer, run the same command again.',
      );
    }
    return answers.filter((answer) => answer !== null);
  }
}

/**
 * A model whose reply without text is an empty answer. It is what the policy says: were it drawn again until there is some, a policy that
 * has learned to say nothing would look as good as one that answers.
 */
const answeringEmpty = (model: LanguageModel): LanguageModel => ({
  ...model,
  async generate(request) {
    try {
      return await model.generate(request);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.reason !== 'unparseable' || error.isRetryable)
        throw error;
      return { text: '', finish: 'stop', inputTokens: 0, outputTokens: 0 };
    }
  },
});
