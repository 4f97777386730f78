import { random, RunError } from '@touchstone/spec';
import { describe, expect, it } from 'vitest';
import { Runtime } from '../graph/runtime.js';
import { logProbabilities } from '../optimize/gradients.js';
import { tinyModel } from '../testing.js';
import { generate } from './generate.js';

const plain = { temperature: 1, topK: 0, topP: 1 };

function requests(seed: number, lengths: number[], maxTokens = 12) {
  return lengths.map((length, i) => {
    const draw = random(seed, 'prompt', i);
    const prompt = Array.from({ length }, () => 2 + draw.integer(35));
    const stream = random(seed, 'sample', i);
    return { prompt, maxTokens, uniform: stream.next };
  });
}

describe('generate', () => {
  it.each([
    ['grouped queries, tied head', {}],
    ['biases, separate head', { attention_bias: true, mlp_bias: true, tie_word_embeddings: false }],
    ['one key-value head a query head, another base', { num_key_value_heads: 4, rope_theta: 500 }],
    ['wide', { hidden_size: 512 }],
    [
      'wide, biases, separate head',
      { hidden_size: 512, attention_bias: true, mlp_bias: true, tie_word_embeddings: false },
    ],
  ])('returns the log-probabilities of the training graph: %s', async (_, overrides) => {
    const model = tinyModel(overrides);
    for (const [name, parameter] of model.parameters) {
      if (name.endsWith('.bias')) parameter.data.forEach((_, i) => (parameter.data[i] = Math.sin(i)));
    }
    const asked = requests(3, [2, 9, 5, 17, 9]);
    const out = await generate(model, asked, plain, [1]);
    const scored = await logProbabilities(
      model,
      out.map(({ tokens }, i) => ({
        tokens: [...asked[i]!.prompt, ...tokens],
        start: asked[i]!.prompt.length,
      })),
    );
    out.forEach(({ logprobs }, i) => {
      expect(logprobs.length).toBe(scored[i]!.length);
      logprobs.forEach((value, t) => expect(value).toBeCloseTo(scored[i]![t]!, 4));
    });
  });

  it('draws the same tokens for a row whatever else is in the batch', async () => {
    const model = tinyModel();
    const together = await generate(model, requests(5, [4, 11, 7]), plain);
    const alone = await generate(model, [requests(5, [4, 11, 7])[1]!], plain);
    expect(alone[0]!.tokens).toEqual(together[1]!.tokens);
  });

  it('answers prompts that begin alike, read together, as it answers each alone', async () => {
    const model = tinyModel();
    const document = (n: number, length: number) => requests(20 + n, [length])[0]!.prompt;
    // Groups of several sizes; the rest of a prompt may be nothing, of any length, or another's too.
    // So many that they are read in several batches, at the same time.
    const prompts = [0, 20].flatMap((n) => [
      ...[0, 1, 7, 7, 13, 2, 30].map((length, i) => [...document(n, 40), ...document(i, length), 9]),
      ...[3, 3, 3, 11].map((length, i) => [...document(n + 9, 25), ...document(i % 2, length), 5]),
      ...[17, 17, 17].map((length) => [...document(n + 10, length), 4]),
      document(n + 11, 6),
    ]);
    const ask = (indices: number[]) =>
      generate(
        model,
        indices.map((i) => ({
          prompt: prompts[i]!,
          maxTokens: 10 + 7 * (i % 6),
          uniform: random(8, 'sample', i).next,
        })),
        plain,
        // Rows end long before others, in other chunks.
        [1, 2],
      );
    const together = await ask(prompts.map((_, i) => i));
    const lengths = together.map(({ tokens }) => tokens.length);
    expect(Math.min(...lengths)).toBeLessThan(10);
    expect(Math.max(...lengths)).toBeGreaterThan(32);
    for (const [i, row] of together.entries()) {
      const [alone] = await ask([i]);
      expect(row.tokens).toEqual(alone!.tokens);
      expect(row.finish).toBe(alone!.finish);
      row.logprobs.forEach((value, t) => expect(value).toBeCloseTo(alone!.logprobs[t]!, 5));
    }
  });

  it('answers with the weights that a model has, beside a frozen one of the same kind', async () => {
    const model = tinyModel();
    const frozen = model.freeze();
    const ask = (of: typeof model) => generate(of, requests(6, [5, 9]), plain);
    const before = await ask(frozen);
    expect(before).toEqual(await ask(model));
    const other = model.clone();
    for (const [, { data }] of other.parameters) data.forEach((value, i) => (data[i] = 1.5 * value));
    const [asked, out] = [requests(6, [5, 9]), await ask(other)];
    const scored = await logProbabilities(
      other,
      out.map(({ tokens }, i) => ({
        tokens: [...asked[i]!.prompt, ...tokens],
        start: asked[i]!.prompt.length,
      })),
    );
    out.forEach(({ logprobs }, i) =>
      logprobs.forEach((value, t) => expect(value).toBeCloseTo(scored[i]![t]!, 4)),
    );
    expect(await ask(frozen)).toEqual(before);
  });

  it('fails as a whole when one of its threads stops, with nothing left at work, and answers the next time', async () => {
    const model = tinyModel();
    const many = () => requests(12, Array<number>(300).fill(20), 60);
    const expected = await generate(model, many(), plain, []);
    // What is no command stands for an unforeseen mistake inside the thread.
    Runtime.get(0)['worker'].postMessage(null);
    const asked = generate(model, many(), plain, []);
    await expect(asked).rejects.toThrow(RunError);
    expect(Runtime.get(1)['asked'].size).toBe(0);
    const again = await generate(model, many(), plain, []);
    expect(again.map(({ tokens }) => tokens)).toEqual(expected.map(({ tokens }) => tokens));
  });

  it('samples each token as often as the model says', async () => {
    const model = tinyModel();
    const n = 4000;
    const prompt = [3, 4, 5];
    const stream = random(11, 'frequency');
    const out = await generate(
      model,
      Array.from({ length: n }, () => ({ prompt, maxTokens: 1, uniform: stream.next })),
      plain,
    );
    const counts = new Map<number, number>();
    for (const { tokens } of out) counts.set(tokens[0]!, (counts.get(tokens[0]!) ?? 0) + 1);
    for (const { tokens, logprobs } of out.slice(0, 50)) {
      const p = Math.exp(logprobs[0]!);
      expect(Math.abs(counts.get(tokens[0]!)! / n - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / n));
    }
  });

  it('keeps to the k likeliest tokens, and to the nucleus', async () => {
    const model = tinyModel({}, 2);
    const greedy = await generate(model, requests(7, [6, 6]), { ...plain, temperature: 0 });
    const top1 = await generate(model, requests(7, [6, 6]), { ...plain, topK: 1 });
    const nucleus = await generate(model, requests(7, [6, 6]), { ...plain, topP: 1e-6 });
    expect(top1.map((g) => g.tokens)).toEqual(greedy.map((g) => g.tokens));
    expect(nucleus.map((g) => g.tokens)).toEqual(greedy.map((g) => g.tokens));
  });

  it('ends at an end token and at the limit', async () => {
    const model = tinyModel();
    const every = Array.from({ length: 37 }, (_, i) => i);
    const [stopped] = await generate(model, requests(1, [5]), plain, every);
    expect(stopped).toMatchObject({ finish: 'stop' });
    expect(stopped!.tokens).toHaveLength(1);
    const [cut] = await generate(model, requests(1, [5], 6), plain, []);
    expect(cut).toMatchObject({ finish: 'length' });
    expect(cut!.tokens).toHaveLength(6);
  });

  it('refuses what does not fit, saying the numbers', async () => {
    const model = tinyModel();
    await expect(generate(model, requests(1, [250]), plain)).rejects.toThrow(
      /250 tokens and up to 12 .* 256/,
    );
    await expect(generate(model, requests(1, [1]), plain)).rejects.toThrow(/at least 2 tokens/);
  });
});
