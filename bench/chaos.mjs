#!/usr/bin/env node
/**
 * A small real run (command line, two judges over HTTP, reinforcement with `save_top_k`, supervised fine-tuning) that is killed (SIGKILL) at random
 * moments of any stage and started again, until it ends. It must end with the weights, byte by byte, the figures and the alarms of a run that nothing
 * happened to, and pay for no verdict twice but those that were in flight. Prints JSON; progress goes to stderr.
 *
 *     npm run bench:chaos -- --kills 40 --seed 1 [--type off_policy_async]
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CausalLM } from '@touchstone/engine';
import { prepareQuickstart } from '@touchstone/quickstart';
import { random } from '@touchstone/spec';
import { openRun } from '@touchstone/store';
import { drawnFates, NO_FAULTS, ruleJudge, startProvider } from '@touchstone/testing';
import { describeMachine } from './shared/machine.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    type: { type: 'string', default: 'synchronous' },
  },
});
const [kills, seed] = [values.kills, values.seed].map(Number);
const MAIN = fileURLToPath(new URL('../packages/cli/dist/main.js', import.meta.url));
const POLICY = fileURLToPath(new URL('../examples/quickstart/models/policy', import.meta.url));
const CONCURRENCY = 4;
/** So many that reinforcement takes less time: else the clock says how many there are. */
const SFT_STEPS = 240;

const root = mkdtempSync(path.join(tmpdir(), 'touchstone-bench-chaos-'));
const machine = describeMachine();

const lengthOf = (text) => 1 + ([...text].length % 5);
/** Judges by the number of letters, so that answers of one group differ. */
const respond = ruleJudge((candidate, { prompt }) => {
  const [, lowest] = /"score":(\d+)/.exec(prompt);
  return { Length: Number(lowest) * lengthOf(candidate) };
});
/** A question of another run is another one to pay for. */
let asking = 'undisturbed';
const endpoint = await startProvider({
  respond,
  sampleOf: ({ model, prompt, request }) => JSON.stringify([asking, model, prompt, request.seed]),
  fate: drawnFates({ latency: { p50: 8, p99: 40 }, faults: NO_FAULTS }, seed),
});
const { ledger } = endpoint.provider;

/** @returns the folder of a new run. */
async function prepare(name) {
  const folder = path.join(root, name);
  const sizes = { train: 12, eval: 4, annotations: 24, labelled: 1, regression: 1 };
  const file = await prepareQuickstart(folder, seed, { sizes });
  const labelled = ['Yes.', 'No, it is not.', 'Perhaps.'].map((response, i) => {
    const messages = [{ role: 'user', content: `Is ${i} fine?` }];
    return JSON.stringify({ id: `l${i}`, messages, response, labels: { Length: lengthOf(response) } });
  });
  writeFileSync(path.join(folder, 'labelled.jsonl'), labelled.join('\n'));
  const { config: shape } = await CausalLM.load(POLICY);
  const small = { hidden_size: 32, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2 };
  const model = { ...shape.source, ...small, num_key_value_heads: 1, head_dim: 16 };
  await CausalLM.initialise(model, seed).save(path.join(folder, 'model'), POLICY);
  const judge = {
    model: 'openai-compatible:simulator',
    base_url: endpoint.url,
    structured_output: 'prompt',
    concurrency: CONCURRENCY,
    hedge: { share: 0 },
    objective: 'Judge the answer.',
    criteria: [
      { name: 'Length', question: 'How long is it?', scale: 'graded', anchors: { 1: 'short', 5: 'long' } },
    ],
  };
  const config = {
    name: 'chaos',
    seed,
    output: 'out',
    policy: { model: 'local:model', max_tokens: 8, temperature: 1 },
    data: {
      train: 'data/train.jsonl',
      eval: 'data/eval.jsonl',
      annotations: 'data/annotations.jsonl',
      labelled: 'labelled.jsonl',
    },
    judge,
    heldout_judge: { ...judge, model: 'openai-compatible:other' },
    reward: { abstention: { policy: 'mask', limit: 0.5 } },
    validation: { repeats: 2, probes: 2 },
    gate: 'off',
    engine: { memory: '1GB' },
    training: {
      steps: 8,
      prompts_per_step: 2,
      group_size: 4,
      learning_rate: 0.01,
      checkpoint_every: 2,
      save_top_k: 2,
      type: values.type,
      validation_tasks: 4,
      sft: { steps: SFT_STEPS, batch_size: 8, evaluate_every: 20, learning_rate: 3e-3 },
    },
    evaluation: { samples: 2, best_of: 2 },
  };
  writeFileSync(file, JSON.stringify(config));
  return folder;
}

/**
 * Runs to the end, or until it is killed.
 *
 * @param target so many milliseconds after a stage has begun; without a stage, after the process has.
 * @returns where it was killed, too: the stage, and the calls in flight
 */
function run(folder, target) {
  return new Promise((resolve) => {
    const start = performance.now();
    const before = eventsOf(folder).length;
    const child = spawn(process.execPath, [MAIN, 'run', folder, '--no-gate', 'a benchmark'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
    let inFlight = 0;
    let timer;
    const killIn = (ms) => {
      clearInterval(poll);
      timer = setTimeout(() => {
        inFlight = ledger.inFlight;
        child.kill('SIGKILL');
      }, ms);
    };
    const started = { ms: null };
    const poll = setInterval(() => {
      const events = eventsOf(folder).slice(before);
      if (events.length > 0) started.ms ??= performance.now() - start;
      if (
        target?.stage &&
        events.some(({ type, stage }) => type === 'stage-started' && stage === target.stage)
      )
        killIn(target.after);
    }, 25);
    if (target && !target.stage) killIn(target.after);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      clearInterval(poll);
      const last = eventsOf(folder).slice(before).at(-1);
      const stage = last?.type === 'stage-started' ? last.stage : last ? 'between stages' : 'starting';
      resolve({ code, signal, err, stage, inFlight, startMs: started.ms, ms: performance.now() - start });
    });
  });
}

const eventsOf = (folder) => readRun(folder, (store) => store.events().map(({ event }) => event)) ?? [];
const stagesOf = (folder) => readRun(folder, (store) => store.stages()) ?? [];

function readRun(folder, read) {
  const out = path.join(folder, 'out');
  if (!existsSync(path.join(out, 'run.db'))) return null;
  try {
    const store = openRun(out, { readOnly: true });
    try {
      return read(store);
    } finally {
      store.close();
    }
  } catch {
    // Killed before it was a database, or it is being made.
    return null;
  }
}

/** SHA-256 of every file of weights and optimisers that the run has left, by its path. */
function digestsOf(folder, within = 'out') {
  const names = readdirSync(path.join(folder, within), { withFileTypes: true });
  return names.flatMap((entry) => {
    const at = `${within}/${entry.name}`;
    if (entry.isDirectory()) return digestsOf(folder, at);
    if (!entry.name.endsWith('.safetensors')) return [];
    return [
      `${at} ${createHash('sha256')
        .update(readFileSync(path.join(folder, at)))
        .digest('hex')}`,
    ];
  });
}

/** Of the summary, what no clock and no name of a run is in. */
function figuresOf(folder) {
  const { models, comparisons, steps, judge, training, examples, alarms } = JSON.parse(
    readFileSync(path.join(folder, 'out/summary.json'), 'utf8'),
  );
  const timed = ['seconds', 'wall_seconds', 'tokens_per_second', 'certificate'];
  return JSON.stringify({ models, comparisons, steps, judge, training, examples, alarms }, (key, value) =>
    timed.includes(key) ? undefined : value,
  );
}

const sftStepsOf = (folder) =>
  JSON.parse(readFileSync(path.join(folder, 'out/summary.json'), 'utf8')).training.sft.steps;

try {
  const whole = await prepare('whole');
  const undisturbed = await run(whole);
  if (undisturbed.code !== 0) throw new Error(undisturbed.err);
  const expected = { weights: digestsOf(whole).sort().join('\n'), figures: figuresOf(whole) };
  const needed = ledger.counts.useful;

  const draw = random(seed, 'chaos');
  const durations = stagesOf(whole);
  /** A random moment of the stage that is next, as long as it took undisturbed; one time in seven of the start of the process. */
  const nextKill = (folder) => {
    const finished = new Set(stagesOf(folder).map(({ name }) => name));
    const next = durations.find(({ name }) => !finished.has(name));
    if (next === undefined) return undefined;
    return draw.next() < 1 / (durations.length + 1)
      ? { after: draw.next() * undisturbed.startMs }
      : { stage: next.name, after: draw.next() * next.seconds * 1000 };
  };
  const byStage = {};
  const runs = [];
  for (let done = 0; done < kills;) {
    asking = `killed ${done}`;
    const before = { ...ledger.counts };
    const folder = await prepare(`killed-${done}`);
    let killedHere = 0;
    let inFlight = 0;
    let end;
    do {
      end = await run(folder, done < kills ? nextKill(folder) : undefined);
      if (end.signal === 'SIGKILL') {
        done += 1;
        killedHere += 1;
        inFlight += end.inFlight;
        byStage[end.stage] = (byStage[end.stage] ?? 0) + 1;
      }
    } while (end.signal === 'SIGKILL');
    const paid = {
      useful: ledger.counts.useful - before.useful,
      twice: ledger.counts.redundant - before.redundant,
    };
    const found = {
      kills: killedHere,
      in_flight: inFlight,
      ended: end.code === 0,
      said: end.code === 0 ? null : end.err.slice(-500),
      same_weights: end.code === 0 && digestsOf(folder).sort().join('\n') === expected.weights,
      same_figures: end.code === 0 && figuresOf(folder) === expected.figures,
      clock_decided: end.code === 0 && sftStepsOf(folder) !== SFT_STEPS,
      paid: paid.useful,
      paid_twice: paid.twice,
      // A reply that has gone out and was not stored yet was in flight too.
      paid_no_more_than_that: paid.useful === needed && paid.twice <= killedHere * 2 * CONCURRENCY,
    };
    runs.push(found);
    process.stderr.write(`${done} kills: ${JSON.stringify(found)}\n`);
    rmSync(folder, { recursive: true });
  }
  const count = (is) => runs.filter(is).length;
  const wrong = count((one) => !one.same_weights || !one.same_figures || !one.paid_no_more_than_that);
  const result = {
    machine,
    seed,
    type: values.type,
    run_ms: Math.round(undisturbed.ms),
    calls: needed,
    kills: runs.reduce((sum, one) => sum + one.kills, 0),
    killed_in: byStage,
    runs: runs.length,
    same_weights: count((one) => one.same_weights),
    same_figures: count((one) => one.same_figures),
    clock_decided: count((one) => one.clock_decided),
    in_flight_at_kills: runs.reduce((sum, one) => sum + one.in_flight, 0),
    paid_twice: runs.reduce((sum, one) => sum + one.paid_twice, 0),
    wrong,
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  process.exitCode = wrong === 0 ? 0 : 1;
} finally {
  await endpoint.goDown();
  rmSync(root, { recursive: true, force: true, maxRetries: 3 });
}
