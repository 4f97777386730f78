import { largest } from '@touchstone/spec';
import { tracksFor, wideTrack, type Track } from '../graph/tracks.js';
import { int32, float32, floats, type Tensors } from '../graph/tensor.js';
import { batchFitsIn } from '../memory.js';
import type { CausalLM } from '../model.js';
import { batchesOf, promptFeeds } from './batches.js';
import { decodeGraph } from './decode-graph.js';
import type { Sampling } from './draw.js';
import { workOf } from './load.js';

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

/** Graphs are compiled for numbers of positions that are multiples of this. */
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
  const results: Generated[] = Array.from({ length: requests.length });
  const prompts = requests.map(({ prompt }) => prompt);
  const tracks = tracksFor(Float32Array.BYTES_PER_ELEMENT * model.size);
  const answer = largest(requests.map(({ maxTokens }) => maxTokens));
  const batches = batchesOf(prompts, tracks.length, answer, {
    fits: batchFitsIn(model, tracks.length),
    work: (load) => workOf(model.config, load),
  });
  const waiting = [...batches];
  const answerThem = async (track: Track): Promise<void> => {
    for (let batch = waiting.shift(); batch; batch = waiting.shift()) {
      const indices = batch.flatMap(({ members }) => members);
      const rows = indices.map((index) => requests[index]!);
      const answers = await generateBatch(
        model,
        track,
        rows,
        promptFeeds(prompts, batch),
        sampling,
        endTokens,
      );
      indices.forEach((index, row) => (results[index] = answers[row]!));
    }
  };
  // Whoever asks next finds every track free, also after one has failed.
  const outcomes = await Promise.allSettled(
    (batches.length === 1 ? [wideTrack()] : tracks).map((track) =>
      answerThem(track).catch((error: unknown) => {
        waiting.length = 0;
        throw error;
      }),
    ),
  );
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  return results;
}

/** @param prompts what the rows' prompts are read from */
async function generateBatch(
  model: CausalLM,
  track: Track,
  rows: readonly GenerateRequest[],
  prompts: Tensors,
  sampling: Sampling,
  endTokens: readonly number[],
): Promise<Generated[]> {
  const steps = largest(rows.map(({ maxTokens }) => maxTokens));
  const uniforms = new Float32Array(steps * rows.length);
  rows.forEach(({ uniform, maxTokens }, row) => {
    for (let t = 0; t < maxTokens; t++) uniforms[t * rows.length + row] = uniform();
  });

  const longest = largest(rows.map(({ prompt }) => prompt.length)) + steps;
  const positions = Math.min(model.config.maxPositions, Math.ceil(longest / CONTEXT_STEP) * CONTEXT_STEP);
  const hasSuffixes = 'suffixes' in prompts;
  const key = `decode/${hasSuffixes}/${positions}/${JSON.stringify(sampling)}/${endTokens.join()}`;
  const session = await model.sessions.get(
    key,
    () => decodeGraph(model, { hasSuffixes, positions, sampling, endTokens }),
    track,
  );
  const out = await session.run({
    ...model.feeds(),
    ...prompts,
    prompt_last: int32(
      Int32Array.from(rows, ({ prompt }) => prompt.at(-1)!),
      [rows.length, 1],
    ),
    positions: int32(
      Int32Array.from(rows, ({ prompt }) => prompt.length - 1),
      [rows.length],
    ),
    limits: int32(
      Int32Array.from(rows, ({ maxTokens }) => maxTokens),
      [rows.length],
    ),
    uniforms: float32(uniforms, [steps, rows.length]),
  });
  const tokens = out['tokens']!.data as Int32Array;
  const logprobs = floats(out['logprobs']);
  const ends = new Set(endTokens);
  return rows.map(({ maxTokens }, row) => {
    const generated: number[] = [];
    const logs: number[] = [];
    let finish: Generated['finish'] = 'length';
    for (let t = 0; t < maxTokens; t++) {
      const id = tokens[t * rows.length + row]!;
      generated.push(id);
      logs.push(logprobs[t * rows.length + row]!);
      if (ends.has(id)) {
        finish = 'stop';
        break;
      }
    }
    return { tokens: generated, logprobs: Float32Array.from(logs), finish };
  });
}
