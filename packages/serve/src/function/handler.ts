import { openReward, type RewardFunction, type RewardParts, type RewardResources } from '@touchstone/core';
import { InputError } from '@touchstone/spec';
import { scoreNovaEvent, type NovaOptions, type NovaResult } from './nova/score.js';
import { loadKeys } from './keys.js';
import { sampleLine, type SampleLine } from './log.js';
import { unwrap } from './unwrap.js';

/** What the handler uses of AWS Lambda's context. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number;
  awsRequestId?: string;
}

/** How the answer is sent. */
export interface LambdaWire {
  /** What an abstention becomes; the wire must carry a number. */
  abstention: 'neutral' | 'group-mean';
  /** What scores of 0 and 1 become. */
  range: { min: number; max: number };
  /**
   * `list`: the bare list of results, which Nova training, Nova evaluation, Bedrock and the Forge SDK's pre-flight check
   * expect. `wrapped`: `{statusCode, headers, body}` with the list as JSON text, which SageMaker's serverless training
   * of other models expects, and so do API Gateway and a function's URL: their events are always answered so.
   */
  envelope: 'list' | 'wrapped';
}

/** All that a reward function in AWS Lambda needs to know; it is baked into the bundle. Keys are never in it. */
export interface LambdaConfig extends RewardParts {
  /** Environment variables that the judges read their keys from. */
  keys: readonly string[];
  wire: LambdaWire;
}

export interface WrappedResults {
  statusCode: number;
  headers: Record<string, string>;
  /** JSON text. */
  body: string;
}

export type LambdaHandler = (
  event: unknown,
  context: LambdaContext,
) => Promise<NovaResult[] | WrappedResults>;

/** Kept back of Lambda's time to write the answer, which takes a small function a while. */
const MARGIN_MS = 1000;

/**
 * The AWS Lambda handler of a configuration. Model, judge and checks are opened at the first invocation and kept while
 * the function stays warm.
 *
 * @param options `log`: told of each sample. Default: JSON lines on standard output, which CloudWatch Logs Insights reads.
 */
export function createLambdaHandler(
  config: LambdaConfig,
  { log, ...options }: RewardResources & { log?: (line: SampleLine) => void },
): LambdaHandler {
  const env = options.env ?? process.env;
  return lambdaHandlerOf(
    async () => {
      await loadKeys(env, config.keys);
      return (await openReward(config, { ...options, env })).reward;
    },
    { ...config.wire, ...(log ? { log } : {}) },
  );
}

/**
 * An AWS Lambda handler around a reward function: list in, list out. It answers before Lambda's time is over with what
 * there is; unfinished samples count as abstained. A timeout would cost the whole batch, and the third one the
 * training job.
 *
 * @param open opens the reward function. It is called once and kept; after a failure, which fails the invocation, it is
 *   called again.
 */
export function lambdaHandlerOf(
  open: () => Promise<RewardFunction>,
  { envelope = 'list', log = toStdout, ...wire }: LambdaHandlerOptions = {},
): LambdaHandler {
  let opened: Promise<RewardFunction> | undefined;
  return async (event, context) => {
    opened ??= open();
    let reward: RewardFunction;
    try {
      reward = await opened;
    } catch (error) {
      opened = undefined;
      throw error;
    }
    const options: NovaOptions = {
      ...wire,
      deadlineMs: context.getRemainingTimeInMillis() - MARGIN_MS,
      report: () => {}, // The log has a line for every sample.
      onSample: (...sample) => log(sampleLine(context.awsRequestId ?? '', ...sample)),
    };
    const { samples, isProxied } = unwrap(event);
    const score = () => scoreNovaEvent(samples(), reward, options);
    return envelope === 'list' && !isProxied ? score() : wrap(score);
  };
}

interface LambdaHandlerOptions extends Partial<LambdaWire> {
  log?: (line: SampleLine) => void;
}

async function wrap(score: () => Promise<NovaResult[]>): Promise<WrappedResults> {
  const answer = (statusCode: number, body: unknown): WrappedResults => ({
    statusCode,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  try {
    return answer(200, await score());
  } catch (error) {
    if (error instanceof InputError) return answer(400, { error: { message: error.message } });
    throw error;
  }
}

function toStdout(line: SampleLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
