// One job of `bench:engine` with a built tree of this repository: `node ours.mjs TREE JOB`, a job as JSON. Prints seconds a
// run and the highest memory, as JSON.
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspectProcess } from '../shared/machine.mjs';
import { drawTokens } from './tokens.mjs';

const [tree, text] = process.argv.slice(2);
const job = JSON.parse(text);
const require = createRequire(path.join(tree, 'package.json'));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { loadModelFolder, generate, gradients } = await load('@touchstone/engine');
const { random } = await load('@touchstone/spec');
const { negativeLogLikelihood } = await load('@touchstone/train');

const { model } = await loadModelFolder(job.model);
const { prompts, rows, promptTokens, ownTokens = 0, answerTokens } = job;
const tokens = (length, ...names) => drawTokens(random, job.vocabulary, length, ...names);
const promptOf = (row) => [
  ...tokens(promptTokens - ownTokens, 'prompt', Math.floor((row * prompts) / rows)),
  ...tokens(ownTokens, 'own', row),
];

async function decode() {
  // A judge's weights never change. Trees from before have no constants.
  const frozen = job.frozen && model.freeze ? model.freeze() : model;
  const requests = Array.from({ length: rows }, (_, row) => ({
    prompt: promptOf(row),
    maxTokens: answerTokens,
    uniform: random(2, row).next,
  }));
  return () => generate(frozen, requests, { temperature: 1, topK: 0, topP: 1 }, []);
}

async function gradient() {
  const sequences = Array.from({ length: rows }, (_, row) => ({
    tokens: [...promptOf(row), ...tokens(answerTokens, 'answer', row)],
    start: promptTokens,
    columns: { weight: 1 / (rows * answerTokens) },
  }));
  return () => gradients(model, sequences, negativeLogLikelihood);
}

/** The likeliest tokens, to compare with another engine's. */
async function greedy() {
  const requests = Array.from({ length: rows }, (_, row) => ({
    prompt: promptOf(row),
    maxTokens: answerTokens,
    uniform: () => 0,
  }));
  const answers = await generate(model, requests, { temperature: 0, topK: 0, topP: 1 }, []);
  return answers.map((answer) => answer.tokens);
}

if (job.kind === 'greedy') {
  process.stdout.write(`${JSON.stringify({ tokens: await greedy() })}\n`);
  process.exit();
}
const run = await { decode, gradient }[job.kind]();
await run();
const seconds = [];
for (let i = 0; i < job.runs; i++) {
  const begun = performance.now();
  await run();
  seconds.push((performance.now() - begun) / 1000);
}
process.stdout.write(
  `${JSON.stringify({ seconds, peak_mb: inspectProcess(process.pid)?.peak_rss_mb ?? null })}\n`,
);
