#!/usr/bin/env node
/**
 * A run's folder under kills and damage, by the real command line: kills at random moments, each run again until it ends, and
 * files that are emptied, cut, changed, removed, swapped or replaced, each run on once. A run that ends must have the figures of one that
 * nothing happened to; one that refuses must say what is broken. Prints JSON; progress goes to stderr.
 *
 *     npm run bench:damage -- --kills 40 --seed 1
 *     npm run bench:damage -- --kills 40 --seed 1 --type off_policy_async
 */
import { spawn } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { prepareQuickstart } from '@touchstone/quickstart';
import { random } from '@touchstone/spec';
import { spread } from './shared/figures.mjs';
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
const SIZES = { train: 8, eval: 3, annotations: 6, labelled: 3, regression: 3 };
const STEPS = 3;
/** What counts letters, in place of a judge: it is the folder that is under test. */
const JUDGE =
  'export default (all) => all.map(({ response }) => ({ score: ([...response].length % 7) / 6 }));\n';

const root = mkdtempSync(path.join(tmpdir(), 'touchstone-bench-damage-'));
const machine = describeMachine();

/** The quickstart's data and policy in a run of seconds. @returns its folder */
async function prepare(name) {
  const folder = path.join(root, name);
  const file = await prepareQuickstart(folder, seed, { sizes: SIZES });
  writeFileSync(path.join(folder, 'judge.mjs'), JUDGE);
  // Without supervised fine-tuning: it takes as long as reinforcement took, by the clock, so its figures differ.
  const config = {
    name,
    seed,
    output: 'out',
    policy: { model: `local:${path.relative(folder, POLICY)}`, max_tokens: 12, temperature: 1 },
    data: { train: 'data/train.jsonl', eval: 'data/eval.jsonl' },
    judge: { kind: 'code', module: './judge.mjs' },
    gate: 'off',
    training: {
      type: values.type,
      steps: STEPS,
      prompts_per_step: 2,
      group_size: 2,
      learning_rate: 3e-4,
      checkpoint_every: 1,
    },
  };
  writeFileSync(file, JSON.stringify(config));
  return folder;
}

/** Runs to the end, or until it is killed: after so many milliseconds, or when `until` is there. */
function run(folder, { after, until } = {}) {
  return new Promise((resolve) => {
    const start = performance.now();
    const child = spawn(process.execPath, [MAIN, 'run', folder, '--no-gate', 'a benchmark'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
    const kill = () => child.kill('SIGKILL');
    const timer = after === undefined ? undefined : setTimeout(kill, after);
    const poll = until === undefined ? undefined : setInterval(() => until() && kill(), 3);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      clearInterval(poll);
      resolve({ code, signal, err, ms: performance.now() - start });
    });
  });
}

const figures = (folder) => {
  const { models, comparisons, steps, judge } = JSON.parse(
    readFileSync(path.join(folder, 'out/summary.json'), 'utf8'),
  );
  // A certificate says when it was issued, and its hash with it.
  return JSON.stringify({ models, comparisons, steps, judge }, (key, value) =>
    ['seconds', 'certificate'].includes(key) ? undefined : value,
  );
};

/** `same`, `refused` with what it said, or what is wrong. */
function outcome(folder, { code, err }, expected) {
  if (code === 0) return figures(folder) === expected ? { outcome: 'same' } : { outcome: 'WRONG FIGURES' };
  const said = err.split('\n').find((line) => line.startsWith('error: ')) ?? '';
  const isClear = /restore|choose another|move it away|delete it/i.test(said);
  return { outcome: isClear ? 'refused' : 'UNCLEAR', said: said.replaceAll(folder, '.') };
}

const checkpoint = (out, step) => path.join(out, `checkpoints/step-00000${step}`);
function flip(file, from, count = 200) {
  const bytes = readFileSync(file);
  const at =
    typeof from === 'string' ? bytes.lastIndexOf(from) + from.length : Math.floor(bytes.length * from);
  for (let i = 0; i < count && at + i < bytes.length; i++) bytes[at + i] ^= 1;
  writeFileSync(file, bytes);
}
const empty = (file) => truncateSync(file, 0);
const half = (file) => truncateSync(file, Math.floor(statSync(file).size / 2));
const gone = (file) => rmSync(file, { recursive: true, force: true });

/** What happens to the folder of a run that was killed when its second of three checkpoints was there. */
const DAMAGES = {
  'checkpoints are gone': (out) => gone(path.join(out, 'checkpoints')),
  'the newest checkpoint is gone': (out) => gone(checkpoint(out, 2)),
  'weights: 200 bytes changed': (out) => flip(path.join(checkpoint(out, 2), 'model.safetensors'), 0.5),
  'weights: one byte changed': (out) => flip(path.join(checkpoint(out, 2), 'model.safetensors'), 0.9, 1),
  'weights: cut in half': (out) => half(path.join(checkpoint(out, 2), 'model.safetensors')),
  'optimiser: 200 bytes changed': (out) =>
    flip(path.join(checkpoint(out, 2), 'trainer/optimizer.safetensors'), 0.5),
  'state.json: step 99': (out) =>
    writeFileSync(path.join(checkpoint(out, 2), 'trainer/state.json'), '{"step":99,"updates":1}'),
  'state.json: empty': (out) => empty(path.join(checkpoint(out, 2), 'trainer/state.json')),
  'manifest: gone': (out) => gone(path.join(checkpoint(out, 2), 'touchstone-manifest.json')),
  'both checkpoints: changed': (out) => {
    for (const step of [1, 2]) flip(path.join(checkpoint(out, step), 'model.safetensors'), 0.3);
  },
  'two checkpoints have changed places': (out) => {
    renameSync(checkpoint(out, 1), checkpoint(out, 9));
    renameSync(checkpoint(out, 2), checkpoint(out, 1));
    renameSync(checkpoint(out, 9), checkpoint(out, 2));
  },
  'an empty checkpoint with a high number': (out) => mkdirSync(path.join(out, 'checkpoints/step-999999')),
  'a file in the place of checkpoints': (out) => {
    gone(path.join(out, 'checkpoints'));
    writeFileSync(path.join(out, 'checkpoints'), '');
  },
  'run.db: empty': (out) => {
    for (const end of ['-wal', '-shm']) gone(path.join(out, `run.db${end}`));
    empty(path.join(out, 'run.db'));
  },
  'run.db: gone': (out) => {
    for (const end of ['', '-wal', '-shm']) gone(path.join(out, `run.db${end}`));
  },
  'run.db: of another run': (out, twin) => {
    for (const end of ['-wal', '-shm']) gone(path.join(out, `run.db${end}`));
    copyFileSync(path.join(twin, 'out/run.db'), path.join(out, 'run.db'));
  },
  'run.db-wal: gone': (out) => gone(path.join(out, 'run.db-wal')),
  'run.db-wal: cut in half': (out) => half(path.join(out, 'run.db-wal')),
  'run.db-wal: changed in the middle': (out) => flip(path.join(out, 'run.db-wal'), 0.5),
  'config.yaml: empty': (out) => empty(path.join(out, 'config.yaml')),
  'config.yaml: cut in half': (out) => half(path.join(out, 'config.yaml')),
};
/** The same of a run that has ended. */
const DAMAGES_AFTER = {
  'ended: run.db cut in half': (out) => half(path.join(out, 'run.db')),
  'ended: a score in run.db changed': (out) =>
    flip(path.join(out, 'run.db'), '"status":"scored","score":0.', 1),
  'ended: a step in run.db changed': (out) => flip(path.join(out, 'run.db'), '"metrics":{"reward":0.', 1),
  'ended: summary.json empty': (out) => empty(path.join(out, 'summary.json')),
  'ended: report.html cut in half': (out) => half(path.join(out, 'report.html')),
};

try {
  const whole = await prepare('whole');
  const undisturbed = await run(whole);
  if (undisturbed.code !== 0) throw new Error(undisturbed.err);
  const expected = figures(whole);

  const draw = random(seed, 'kills');
  const killed = [];
  for (let done = 0; done < kills;) {
    const folder = await prepare(`killed-${done}`);
    let end;
    do {
      end = await run(folder, done < kills ? { after: 150 + draw.next() * undisturbed.ms } : {});
      if (end.signal === 'SIGKILL') done += 1;
    } while (end.signal === 'SIGKILL');
    killed.push(outcome(folder, end, expected));
    process.stderr.write(`${done} kills: ${JSON.stringify(killed.at(-1))}\n`);
    rmSync(folder, { recursive: true });
  }

  const early = await prepare('early');
  await run(early, { until: () => existsSync(checkpoint(path.join(early, 'out'), 2)) });
  const damaged = {};
  for (const [from, table] of [
    [early, DAMAGES],
    [whole, DAMAGES_AFTER],
  ]) {
    for (const [name, harm] of Object.entries(table)) {
      const folder = path.join(root, 'damaged');
      cpSync(from, folder, { recursive: true });
      harm(path.join(folder, 'out'), whole);
      damaged[name] = outcome(folder, await run(folder), expected);
      process.stderr.write(`${name}: ${JSON.stringify(damaged[name])}\n`);
      rmSync(folder, { recursive: true });
    }
  }
  const outcomes = [...killed, ...Object.values(damaged)].map((one) => one.outcome);
  const wrong = outcomes.filter((one) => one !== 'same' && one !== 'refused').length;
  const result = {
    machine,
    seed,
    run_ms: spread([undisturbed.ms], 0),
    kills: { n: kills, runs: killed.length, same: killed.filter((one) => one.outcome === 'same').length },
    damages: {
      n: Object.keys(damaged).length,
      same: Object.values(damaged).filter((one) => one.outcome === 'same').length,
      refused: Object.values(damaged).filter((one) => one.outcome === 'refused').length,
    },
    wrong,
    each: damaged,
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  process.exitCode = wrong === 0 ? 0 : 1;
} finally {
  rmSync(root, { recursive: true, force: true, maxRetries: 3 });
}
