import { type Finding, type ScoringConfig, failed, ok, warning } from '@touchstone/run';
import { MAX_PAYLOAD_BYTES } from '../limits.js';
import type { Recipe } from './recipe.js';

/** SageMaker training jobs send so many samples at once unless the recipe says otherwise. */
const BATCH_SIZE = 64;
/** The most that a token has in UTF-8, for nearly all of them. */
const BYTES_PER_TOKEN = 4;
/** The function at rest, and what it takes beyond an event per byte of it: text, parsed, and in prompts. */
const BASE_MEGABYTES = 60;
const COPIES = 10;

/**
 * Whether batches of the training data fit into a request to Lambda, and into the function's memory.
 *
 * @param bytes of each training line.
 * @returns nothing where there is no line, or neither the recipe nor the policy says how long answers may be.
 */
export function examinePayload(
  bytes: readonly number[],
  config: ScoringConfig,
  recipe: Recipe | undefined,
  memory: number | undefined,
): Finding[] {
  const tokens = recipe?.maxNewTokens ?? config.policy?.max_tokens;
  if (bytes.length === 0 || tokens === undefined) return [];
  const answer = tokens * BYTES_PER_TOKEN;
  const mean = bytes.reduce((a, b) => a + b, 0) / bytes.length + answer;
  const largest = bytes.reduce((a, b) => Math.max(a, b)) + answer;
  const batch = recipe?.batchSize ?? BATCH_SIZE;
  const fitting = Math.floor(MAX_PAYLOAD_BYTES / largest);
  const what = 'Request size';
  const kilobytes = (value: number): string => `${Math.ceil(value / 1000)} kB`;
  const said = `${batch} samples of ${kilobytes(mean)} (largest ${kilobytes(largest)}, ${tokens} tokens of answer included)`;
  const advice =
    fitting < 1 ? 'the largest does not fit at all' : `set lambda_batch_size to ${fitting} or less`;
  const findings = [
    batch * mean > MAX_PAYLOAD_BYTES
      ? failed(what, `${said} exceed the 6 MB that Lambda takes: ${advice}`)
      : batch * largest > MAX_PAYLOAD_BYTES
        ? warning(what, `${said}: a batch of the largest exceeds the 6 MB that Lambda takes: ${advice}`)
        : ok(what, `${said} fit into 6 MB`),
  ];
  if (memory !== undefined) {
    const needed = Math.ceil(BASE_MEGABYTES + (COPIES * Math.min(batch * largest, MAX_PAYLOAD_BYTES)) / 1e6);
    findings.push(
      memory < needed
        ? warning('Memory', `${memory} MB; such a batch may take ${needed} MB`)
        : ok('Memory', `${memory} MB, about ${needed} MB needed`),
    );
  }
  return findings;
}

/** What the judge's provider sees of many instances at once. */
export function examineLoad(config: ScoringConfig, recipe: Recipe | undefined, warm: number): Finding[] {
  const instances = recipe?.concurrency ?? warm;
  if (instances === 0) return [];
  const findings: Finding[] = [];
  if (recipe?.concurrency !== undefined && recipe.concurrency > warm && warm > 0) {
    findings.push(
      warning(
        'Warm instances',
        `lambda_concurrency_limit ${recipe.concurrency}, but ${warm} instances are kept warm`,
      ),
    );
  }
  const calls = sumOf(config.judge, 'concurrency');
  findings.push(
    ok(
      'Judge load',
      `up to ${instances} instances × ${calls} calls = ${instances * calls} at once: ask for that quota`,
    ),
  );
  const limits = ['requests_per_minute', 'tokens_per_minute'].filter((key) => sumOf(config.judge, key) > 0);
  if (limits.length > 0) {
    findings.push(
      warning(
        'Rate limits',
        `${limits.join(' and ')} hold for one instance, not for all ${instances}: divide them`,
      ),
    );
  }
  return findings;
}

function sumOf(value: unknown, key: string): number {
  if (typeof value !== 'object' || value === null) return 0;
  const here = (value as Record<string, unknown>)[key];
  const below = Object.values(value).reduce((sum: number, child) => sum + sumOf(child, key), 0);
  return below + (typeof here === 'number' ? here : 0);
}
