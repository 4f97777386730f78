import { z } from 'zod';
import { parseOrNull } from '../../json.js';
import { MAX_PAYLOAD_BYTES } from '../limits.js';
import type { AwsClients } from './clients.js';
import { asking, AwsError } from './errors.js';

/** So many lines AWS's own SDK asks about before a training. */
const LINES = 10;

const resultSchema = z.looseObject({
  id: z.unknown().refine((id) => id !== undefined, 'is missing'),
  aggregate_reward_score: z.number(),
  metrics_list: z
    .array(z.looseObject({ name: z.string(), value: z.number(), type: z.enum(['Metric', 'Reward']) }))
    .nullish(),
});

/** What the deployed function has answered to the first tasks. */
export interface RewardCheck {
  /** What is wrong; nothing: it answers as a training needs it to. */
  problems: string[];
  scores: number[];
  /** The function's version that has answered. */
  version: string | null;
  seconds: number;
}

/**
 * Asks the deployed reward function what AWS's SDK asks it before it trains: one synchronous call with the first ten lines of the training
 * tasks as they are, so without an answer of the model and perhaps without ids. Judges that are asked are paid for.
 *
 * @param tasks JSON Lines.
 */
export async function preflightReward(
  clients: Pick<AwsClients, 'lambda'>,
  functionArn: string,
  tasks: string,
): Promise<RewardCheck> {
  const nothing = (problem: string): RewardCheck => ({
    problems: [problem],
    scores: [],
    version: null,
    seconds: 0,
  });
  const lines = tasks
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, LINES);
  if (lines.length === 0) return nothing('there are no tasks to ask it about');
  const broken = lines.findIndex((line) => parseOrNull(line) === null);
  if (broken >= 0) return nothing(`task ${broken + 1} is no JSON`);
  const payload = Buffer.from(`[${lines.join(',')}]`);
  if (payload.length > MAX_PAYLOAD_BYTES)
    return nothing(
      `${lines.length} tasks have ${payload.length} bytes, and Lambda takes ${MAX_PAYLOAD_BYTES}: a training sends more of them at once; set lambda_batch_size lower, or shorten the tasks`,
    );
  const lambda = await clients.lambda();
  const begun = performance.now();
  try {
    const reply = await asking(`ask the reward function ${functionArn}`, () =>
      lambda.invoke({ FunctionName: functionArn, InvocationType: 'RequestResponse', Payload: payload }),
    );
    const seconds = (performance.now() - begun) / 1000;
    const text = Buffer.from(reply.Payload ?? []).toString();
    const checked =
      reply.FunctionError === undefined ? checkReply(text, lines.length) : failure(reply.FunctionError, text);
    return { ...checked, version: reply.ExecutedVersion ?? null, seconds };
  } catch (error) {
    if (error instanceof AwsError) return nothing(error.message);
    throw error;
  }
}

const failure = (kind: string, text: string): Pick<RewardCheck, 'problems' | 'scores'> => ({
  problems: [`the function has failed (${kind}): ${text.slice(0, 500)}. Its log: CloudWatch, /aws/lambda/…`],
  scores: [],
});

/** What a reply of a reward function is worth to a training of Nova: a list with a result for each task. */
export function checkReply(text: string, tasks: number): Pick<RewardCheck, 'problems' | 'scores'> {
  const reply = parseOrNull(text);
  if (!Array.isArray(reply)) {
    const isWrapped = typeof reply === 'object' && reply !== null && 'statusCode' in reply;
    const hint = isWrapped
      ? ': it has statusCode and body, which only training of models that are not Nova takes'
      : '';
    return {
      problems: [`expected a list of ${tasks} results${hint}; it says ${text.slice(0, 200)}`],
      scores: [],
    };
  }
  const problems: string[] = [];
  if (reply.length !== tasks)
    problems.push(`expected ${tasks} results, one for each task; it gave ${reply.length}`);
  const scores: number[] = [];
  for (const [i, result] of reply.entries()) {
    const { success, data, error } = resultSchema.safeParse(result);
    if (success) scores.push(data.aggregate_reward_score);
    else
      problems.push(
        `result ${i + 1}: ${error.issues.map(({ path, message }) => `${path.join('.') || 'all of it'}: ${message}`).join('; ')}`,
      );
  }
  return { problems, scores };
}
