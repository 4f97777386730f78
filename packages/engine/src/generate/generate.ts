import { largest } from '@touchstone/spec';
import { int32, float32, int64, floats } from '../graph/tensor.js';
import type { CausalLM } from '../model.js';
import { decodeGraph } from './decode-graph.js';
import type { Sampling } from './draw.js';

export interface GenerateRequest {
  /** At least two tokens. */
  prompt: readonly number[];
  /** At most this many new tokens. */
  maxTokens: number;
  /** Uniform numbers in [0, 1), drawn in order: the row's own stream, so that batching changes nothing. */
  uniform: () => number;
}

export interface Generated {
  /** New tokens; the end token is included where one was drawn. */
  tokens: number[];
  /** Log-probability of each new token under the tempered distribution. */
  logprobs: Float32Array;
  finish: 'stop' | 'length';
}

/** The tokens of the answer itself: what ended it is no part of it, whether or not it is a special token. */
export const answerTokens = ({ tokens, finish }: Generated): readonly number[] =>
  finish === 'stop' ? tokens.slice(0, -1) : tokens;

/** Rows decoded together. Larger batches use the cores better and keep more KV cache in memory. */
const BATCH_ROWS = 128;
const CONTEXT_STEP = 256;

/**
 * Answers all requests; equal prompts are read once.
 * @throws {RangeError} when a prompt has fewer than two tokens or prompt and answer exceed the model's positions.
 */
export async function generate(
  model: CausalLM,
  requests: readonly GenerateRequest[],
  sampling: Sampling,
  endTokens: readonly number[] = model.config.eosTokens,
): Promise<Generated[]> {
  const { maxPositions } = model.config;
  for (const { prompt, maxTokens } of requests) {
    if (prompt.length < 2)
      throw new RangeError(`expected a prompt of at least 2 tokens, got ${prompt.length}`);
    if (prompt.length + maxTokens > maxPositions) {
      throw new RangeError(
        `prompt of ${prompt.length} tokens and up to ${maxTokens} new ones exceed the model's ${maxPositions} positions`,
      );
    }
  }
  // Rows of similar length share a batch: little padding, and they end at about the same time.
  const order = requests
    .map((_, i) => i)
    .sort((a, b) => requests[a]!.prompt.length - requests[b]!.prompt.length);
  const results: Generated[] = Array.from({ length: requests.length });
  for (let start = 0; start < order.length; start += BATCH_ROWS) {
    const indices = order.slice(start, start + BATCH_ROWS);
    const batch = await generateBatch(
      model,
      indices.map((i) => requests[i]!),
      sampling,
      endTokens,
    );
    indices.forEach((index, row) => (results[index] = batch[row]!));
  }
  return results;
}

async function generateBatch(
  model: CausalLM,
  requests: readonly GenerateRequest[],
  sampling: Sampling,
  endTokens: readonly number[],
): Promise<Generated[]> {
  const unique = new Map<string, { index: number; prompt: readonly number[] }>();
  const rows = Int32Array.from(requests, ({ prompt }) => {
    const key = prompt.join();
    if (!unique.has(key)) unique.set(key, { index: unique.size, prompt });
    return unique.get(key)!.index;
  });
  const prompts = [...unique.values()].map(({ prompt }) => prompt);
  const width = largest(prompts.map((p) => p.length)) - 1;
  const ids = new Int32Array(prompts.length * width);
  prompts.forEach((prompt, i) => ids.set(prompt.slice(0, -1), i * width));
  const steps = largest(requests.map((r) => r.maxTokens));
  const uniforms = new Float32Array(steps * requests.length);
  requests.forEach(({ uniform, maxTokens }, row) => {
    for (let t = 0; t < maxTokens; t++) uniforms[t * requests.length + row] = uniform();
  });

  const positions = Math.min(
    model.config.maxPositions,
    Math.ceil((width + 1 + steps) / CONTEXT_STEP) * CONTEXT_STEP,
  );
  const key = `decode/${positions}/${JSON.stringify(sampling)}/${endTokens.join()}`;
  const session = await model.sessions.get(key, () => decodeGraph(model, positions, sampling, endTokens));
  const out = await session.run({
    ...model.feeds(),
    prompts: int32(ids, [prompts.length, width]),
    prompt_last: int32(
      Int32Array.from(prompts, (p) => p.at(-1)!),
      [prompts.length, 1],
    ),
    prompt_lengths: int32(
      Int32Array.from(prompts, (p) => p.length - 1),
      [prompts.length],
    ),
    rows: int32(rows, [requests.length]),
    uniforms: float32(uniforms, [steps, requests.length]),
    limit: int64(BigInt64Array.of(BigInt(steps)), []),
  });
  const tokens = out['tokens']!.data as Int32Array;
  const logprobs = floats(out['logprobs']);
  const ends = new Set(endTokens);
  return requests.map(({ maxTokens }, row) => {
    const generated: number[] = [];
    const logs: number[] = [];
    let finish: Generated['finish'] = 'length';
    for (let t = 0; t < maxTokens && t * requests.length < tokens.length; t++) {
      const id = tokens[t * requests.length + row]!;
      generated.push(id);
      logs.push(logprobs[t * requests.length + row]!);
      if (ends.has(id)) {
        finish = 'stop';
        break;
      }
    }
    return { tokens: generated, logprobs: Float32Array.from(logs), finish };
  });
}
