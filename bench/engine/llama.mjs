// One job of `bench:engine` with llama.cpp's server: `node llama.mjs FOLDER TYPE PROMPTS JOB`, where scripts/llama-cpp.mjs put it, the
// type of the weights, and a job as JSON. Each prompt is computed once, its rows share it, and all rows are decoded in one batch.
// PROMPTS: `new`, computed in the time that is taken, as ours are, or `cached`, computed before. Prints seconds a run, the highest memory and
// what the server says of itself, as JSON; for a job of the kind `greedy`, the likeliest tokens.
import { random } from '@touchstone/spec';
import { spawn } from 'node:child_process';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { inspectProcess } from '../shared/machine.mjs';
import { drawTokens } from './tokens.mjs';

const [folder, type, prompts, text] = process.argv.slice(2);
const job = JSON.parse(text);
const server = await startServer();
process.on('exit', () => server.child.kill());

async function startServer() {
  const { rows, promptTokens, answerTokens } = job;
  const options = {
    model: path.join(folder, `smollm2-${type}.gguf`),
    host: '127.0.0.1',
    port: 0,
    threads: availableParallelism(),
    parallel: rows,
    'ctx-size': job.prompts * promptTokens + rows * answerTokens,
    // Prompts stay where they were computed: none is moved elsewhere to be fetched again.
    'cache-ram': 0,
    // Nothing is saved, but only with it are slots erased.
    'slot-save-path': tmpdir(),
    'log-verbosity': 4,
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(path.join(folder, 'bin', 'llama-server'), [...args, '--kv-unified', '--no-ui'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = [];
  for await (const line of createInterface({ input: child.stderr })) {
    said.push(line);
    const url = /listening on (http\S+)/.exec(line)?.[1];
    if (url === undefined) continue;
    child.stderr.resume();
    const { build_info: build } = await (await fetch(`${url}/props`)).json();
    const system = said.find((each) => each.includes('system_info'))?.replace(/^.*system_info: /, '');
    return { child, url, about: { build, system } };
  }
  throw new Error(`llama-server ended before it listened: ${said.slice(-3).join(' ')}`);
}

async function ask(route, request) {
  const response = await fetch(server.url + route, { method: 'POST', body: JSON.stringify(request) });
  const answer = await response.json();
  if (!response.ok) throw new Error(`llama-server answered ${response.status}: ${JSON.stringify(answer)}`);
  return [answer].flat();
}

async function forgetPrompts() {
  for (let slot = 0; slot < job.rows; slot++) await ask(`/slots/${slot}?action=erase`, {});
}

async function answer(request) {
  const { rows, answerTokens, promptTokens, vocabulary } = job;
  const answers = await ask('/completion', {
    prompt: Array.from({ length: job.prompts }, (_, i) =>
      drawTokens(random, vocabulary, promptTokens, 'prompt', i),
    ),
    n_cmpl: rows / job.prompts,
    n_predict: answerTokens,
    ignore_eos: true,
    return_tokens: true,
    ...request,
  });
  const complete = answers.filter(({ tokens }) => tokens.length === answerTokens).length;
  if (complete !== rows) throw new Error(`${complete} of ${rows} answers have ${answerTokens} tokens`);
  return answers;
}

async function decode() {
  // Of the whole vocabulary, as ours.
  const sampling = { samplers: ['temperature'], temperature: 1, seed: 1 };
  await answer(sampling);
  const seconds = [];
  for (let i = 0; i < job.runs; i++) {
    if (prompts === 'new') await forgetPrompts();
    const begun = performance.now();
    await answer(sampling);
    seconds.push((performance.now() - begun) / 1000);
  }
  return { seconds, peak_mb: inspectProcess(server.child.pid)?.peak_rss_mb ?? null, about: server.about };
}

async function greedy() {
  const answers = await answer({ temperature: 0 });
  return { tokens: answers.map(({ tokens }) => tokens) };
}

process.stdout.write(`${JSON.stringify(await { decode, greedy }[job.kind]())}\n`);
process.exit();
