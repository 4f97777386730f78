#!/usr/bin/env node
/**
 * Peak memory of real training beside the engine's estimate of it, each case in a process of its own: a reference policy's
 * log-probabilities, gradients, AdamW, twice. Models of SmolLM2-135M's shape with fewer layers, and a tiny one. Linux only.
 * Prints JSON.
 *
 *     npm run bench:engine-memory -- --layers 2
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  AdamW,
  CausalLM,
  configureEngine,
  gradients,
  logProbabilities,
  TRAINING_SHARE,
  trainingMemory,
} from '@touchstone/engine';
import { random } from '@touchstone/spec';
import { describeMachine, inspectProcess } from './shared/machine.mjs';

const { values } = parseArgs({
  options: { layers: { type: 'string', default: '2' }, case: { type: 'string' } },
});
const SHARED = {
  model_type: 'llama',
  max_position_embeddings: 8192,
  rms_norm_eps: 1e-5,
  tie_word_embeddings: true,
};
const MODELS = {
  smollm2: {
    vocab_size: 49_152,
    hidden_size: 576,
    intermediate_size: 1536,
    num_hidden_layers: Number(values.layers),
    num_attention_heads: 9,
    num_key_value_heads: 3,
  },
  tiny: {
    vocab_size: 1024,
    hidden_size: 128,
    intermediate_size: 256,
    num_hidden_layers: 4,
    num_attention_heads: 4,
    num_key_value_heads: 2,
  },
};
const CASES = [
  { name: 'smollm2', prompts: 16, group: 1, prompt: 1, answer: 256 },
  { name: 'smollm2', prompts: 1, group: 1, prompt: 1, answer: 2048 },
  { name: 'smollm2', prompts: 1, group: 8, prompt: 1500, answer: 60 },
  { name: 'smollm2', prompts: 1, group: 8, prompt: 1500, answer: 60, memory: 'least' },
  { name: 'smollm2', prompts: 1, group: 8, prompt: 1500, answer: 60, memory: 'recomputed' },
  { name: 'tiny', prompts: 16, group: 8, prompt: 100, answer: 60 },
];

/**
 * `memory`: as little as one answer needs, or as all answers to a prompt do; in both, layers are computed again for the
 * gradient.
 */
async function measure({ name, prompts, group, prompt, answer, memory }) {
  const model = CausalLM.initialise({ ...SHARED, ...MODELS[name] }, 1);
  const { least, usual } = trainingMemory(model, { prompt, answer, group });
  // One answer to a prompt with as many tokens as all of them together.
  const together = trainingMemory(model, { prompt, answer: group * answer }).least;
  const estimate = { least, recomputed: together }[memory] ?? usual;
  if (memory) configureEngine({ memory: estimate / TRAINING_SHARE });
  const draw = random(1, 'tokens');
  const tokens = (count) => Array.from({ length: count }, () => draw.integer(model.config.vocabulary));
  const sequences = Array.from({ length: prompts }, () => tokens(prompt)).flatMap((shared) =>
    Array.from({ length: group }, () => ({
      tokens: [...shared, ...tokens(answer)],
      start: prompt,
      columns: { weight: draw.next() },
    })),
  );
  const loss = {
    key: 'weighted',
    columns: ['weight'],
    build: (g, logprobs, { weight }) => ({ loss: g.sum(g.multiply(logprobs, weight)), metrics: {} }),
  };
  const optimizer = new AdamW(model);
  const reference = model.clone();
  for (let step = 0; step < 2; step++) {
    await logProbabilities(reference, sequences);
    await optimizer.update((await gradients(model, sequences, loss)).gradients, 1e-5);
  }
  const peak = 2 ** 20 * inspectProcess(process.pid).peak_rss_mb;
  return { layers: model.config.layers, peak, estimate, ratio: Number((estimate / peak).toFixed(2)) };
}

if (values.case === undefined) {
  const rows = CASES.map((one) => {
    const args = [fileURLToPath(import.meta.url), '--layers', values.layers, '--case', JSON.stringify(one)];
    const { stdout, status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return { ...one, ...JSON.parse(stdout) };
  });
  process.stdout.write(`${JSON.stringify({ machine: describeMachine(), rows }, null, 2)}\n`);
} else {
  process.stdout.write(`${JSON.stringify(await measure(JSON.parse(values.case)))}\n`);
}
