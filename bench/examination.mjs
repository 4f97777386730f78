#!/usr/bin/env node
/**
 * `touchstone judge` at size, as JSON: 500 labelled answers, 5 repeats, a held-out judge and the probes. How much of the
 * rate that the dispatcher allows is used, what the process itself needs, and that a SIGKILL in the middle costs nothing
 * twice but the calls in flight.
 *
 *     npm run bench:examination -- --out examination.json
 *
 * Judge and held-out judge are simulated.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { candidateOf, ruleJudge, startProvider } from '@touchstone/testing';
import { random } from '@touchstone/spec';
import { describeMachine, inspectProcess } from './shared/machine.mjs';

const MAIN = fileURLToPath(new URL('../packages/cli/dist/main.js', import.meta.url));
const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '125' },
    repeats: { type: 'string', default: '5' },
    concurrency: { type: 'string', default: '64' },
    latency: { type: 'string', default: '400' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
});
const [tasks, repeats, concurrency, latency, seed] = [
  values.tasks,
  values.repeats,
  values.concurrency,
  values.latency,
  values.seed,
].map(Number);
const ANSWERS = 4;
const log = (line) => process.stderr.write(`${line}\n`);

/** Right where the sum is, but for a few per cent that the text alone decides; now and then another way when asked again. */
const respond = ruleJudge((candidate, asked) => {
  const [, a, b, said] = /(\d+) \+ (\d+) = (\d+)/.exec(candidate) ?? [];
  const draw = random(seed, 'judge', asked.model ?? '', candidateOf(asked));
  const right = a !== undefined && Number(a) + Number(b) === Number(said);
  return { Correct: draw.next() < 0.02 ? !right : right };
});

function writeCase(folder, url) {
  const draw = random(seed, 'labelled');
  const lines = Array.from({ length: tasks }, (_, i) => {
    const [a, b] = [10 + draw.integer(90), 10 + draw.integer(90)];
    return Array.from({ length: ANSWERS }, (_, j) => {
      const off = j === 0 ? 0 : draw.integer(3);
      return {
        id: `t${i}`,
        messages: [{ role: 'user', content: `What is ${a} + ${b}?` }],
        response: `${a} + ${b} = ${a + b + off}. Way ${j} of saying it.`,
        labels: { Correct: off === 0 },
      };
    });
  }).flat();
  writeFileSync(path.join(folder, 'labelled.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'));
  const judge = (model) => ({
    model: `openai-compatible:${model}`,
    base_url: url,
    objective: 'Judge the answer.',
    criteria: [{ name: 'Correct', question: 'Is the sum right?' }],
    concurrency,
  });
  // YAML reads JSON.
  writeFileSync(
    path.join(folder, 'touchstone.yaml'),
    JSON.stringify({
      output: 'out',
      data: { labelled: 'labelled.jsonl' },
      judge: judge('judge'),
      heldout_judge: judge('heldout'),
      validation: { repeats },
    }),
  );
}

/** Runs to its end, or is killed when the provider has been asked so often. */
async function examine(folder, ledger, killAt = Infinity) {
  const begun = performance.now();
  const args = [MAIN, 'judge', folder, '--json', '--complete'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let [text, used, inFlight] = ['', null, 0];
  child.stdout.setEncoding('utf8').on('data', (part) => (text += part));
  const timer = setInterval(() => {
    const now = inspectProcess(child.pid);
    // A process that has ended has no memory any more.
    if (now?.peak_rss_mb) used = now;
    if (ledger.counts.calls < killAt || child.killed) return;
    inFlight = ledger.inFlight;
    child.kill('SIGKILL');
  }, 10);
  const [code, signal] = await once(child, 'close');
  clearInterval(timer);
  const result = text === '' ? null : JSON.parse(text.split('\n')[0]);
  return { code, signal, seconds: (performance.now() - begun) / 1000, inFlight, ...used, result };
}

async function measure(killed) {
  const folder = mkdtempSync(path.join(tmpdir(), 'touchstone-bench-'));
  const { url, provider, goDown } = await startProvider({
    respond,
    // Both judges are asked the same.
    sampleOf: ({ model, prompt }) => JSON.stringify([model, prompt]),
    fate: () => ({ kind: 'reply', latencyMs: latency }),
  });
  try {
    writeCase(folder, url);
    const { ledger } = provider;
    const first = killed ? await examine(folder, ledger, 1000) : null;
    const last = await examine(folder, ledger);
    return { first, last, counts: { ...ledger.counts } };
  } finally {
    await goDown();
    rmSync(folder, { recursive: true, force: true });
  }
}

log(`${tasks * ANSWERS} labelled answers, ${repeats} repeats, a held-out judge, probes`);
const whole = await measure(false);
log('the same, killed after 1,000 calls and started again');
const resumed = await measure(true);
const decided = ({ findings, gate }) => JSON.stringify({ findings, gate });
const figures = {
  provider: 'simulator',
  machine: describeMachine(),
  seed,
  labelled: tasks * ANSWERS,
  repeats,
  gate: whole.last.result.gate,
  calls: whole.counts.calls,
  seconds: whole.last.seconds,
  // What the declared limit allows: so many at once, each so long.
  share_of_allowed_rate: (whole.counts.calls * latency) / 1000 / concurrency / whole.last.seconds,
  cpu_seconds: whole.last.cpu_ms / 1000,
  peak_rss_mb: whole.last.peak_rss_mb,
  redundant: whole.counts.redundant,
  killed: {
    in_flight_when_killed: resumed.first.inFlight,
    calls_more_than_without: resumed.counts.calls - whole.counts.calls,
    same_findings: decided(resumed.last.result) === decided(whole.last.result),
  },
};
const text = `${JSON.stringify(figures, null, 2)}\n`;
if (values.out) writeFileSync(values.out, text);
process.stdout.write(text);
