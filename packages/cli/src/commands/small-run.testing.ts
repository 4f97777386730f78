import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CausalLM } from '@touchstone/engine';
import { prepareQuickstart } from '@touchstone/quickstart';
import { summarySchema, type Summary } from '@touchstone/spec';
import { ruleJudge, type ProviderServer } from '@touchstone/testing';
import { expect } from 'vitest';
import { parse, stringify } from 'yaml';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const QUICKSTART = new URL('../../../../examples/quickstart/', import.meta.url);
const TRUTH = fileURLToPath(new URL('dist/truth.js', QUICKSTART));
const POLICY = fileURLToPath(new URL('models/policy', QUICKSTART));
/** For tests of several whole runs, beside whatever else the machine does. */
export const TIMEOUT_MS = 240_000;

type Edit = (config: Record<string, Record<string, unknown>>) => void;

/** The quickstart's case, cut to seconds: same models, same prompts, real training. */
export async function smallQuickstart(edit?: Edit): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-run-'));
  await prepareQuickstart(folder, 1, {
    sizes: { train: 8, eval: 3, annotations: 12, labelled: 1, regression: 3 },
  });
  change(folder, (config) => {
    config['gate'] = 'off' as never;
    config['validation'] = { repeats: 2, probes: 0 };
    Object.assign(config['training']!, { steps: 3, prompts_per_step: 2, group_size: 2, checkpoint_every: 1 });
    Object.assign(config['training']!['sft'] as object, { steps: 2, batch_size: 4, evaluate_every: 1 });
    Object.assign(config['evaluation']!, { best_of: 2, truth: relative(folder, TRUTH) });
    Object.assign(config['reward']!, { abstention: { policy: 'mask', limit: 0.5 } });
    edit?.(config);
  });
  return folder;
}

const lengthOf = (text: string): number => 1 + ([...text].length % 5);

/** Judges by the number of letters, so that answers of one group differ: 1 to 5, or 10 to 50 where it is asked for that. */
export const lengthJudge = ruleJudge((candidate, { prompt }) => {
  const [, lowest] = /"score":(\d+)/.exec(prompt)!;
  return { Length: Number(lowest) * lengthOf(candidate) };
});

/**
 * The same job with a random model of one layer that writes a few tokens, and with `lengthJudge` at `url`, as judge and as held-out
 * judge, asked one question at a time: every stage and real training, where what is under test is the run and not its models.
 */
export async function smallRun(url: string, edit?: Edit): Promise<string> {
  const folder = await smallQuickstart((config) => {
    config['policy'] = { model: 'local:model', max_tokens: 8, temperature: 1 };
    const judge = {
      model: 'openai-compatible:simulator',
      base_url: url,
      structured_output: 'prompt',
      concurrency: 1,
      attempts: 2,
      objective: 'Judge the answer.',
      criteria: [
        { name: 'Length', question: 'How long is it?', scale: 'graded', anchors: { 1: 'short', 5: 'long' } },
      ],
    };
    Object.assign(config, { judge, heldout_judge: { ...judge, model: 'openai-compatible:other' } });
    // How many steps it takes is for the clock to say: too small ones leave the model as it was, so that runs are alike.
    Object.assign(config['training']!['sft'] as object, { learning_rate: 1e-30 });
    delete config['reward']!['checks'];
    delete config['data']!['regression'];
    edit?.(config);
  });
  const labelled = ['Yes.', 'No, it is not.', 'Perhaps.'].map((response, i) => {
    const messages = [{ role: 'user', content: `Is ${i} fine?` }];
    return JSON.stringify({ id: `l${i}`, messages, response, labels: { Length: lengthOf(response) } });
  });
  writeFileSync(join(folder, 'data/labelled.jsonl'), labelled.join('\n'));
  const { config } = await CausalLM.load(POLICY);
  const shape = { hidden_size: 32, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2 };
  const model = CausalLM.initialise({ ...config.source, ...shape, num_key_value_heads: 1, head_dim: 16 }, 1);
  await model.save(join(folder, 'model'), POLICY);
  return folder;
}

export function change(folder: string, edit: Edit): void {
  const path = join(folder, 'touchstone.yaml');
  const config = parse(readFileSync(path, 'utf8')) as Record<string, Record<string, unknown>>;
  edit(config);
  writeFileSync(path, stringify(config));
}

/** The built command line; this process goes on serving the judge meanwhile. */
export function running(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args]);
  const got = { out: '', err: '' };
  child.stdout.on('data', (data: Buffer) => (got.out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (got.err += data.toString()));
  const ended = new Promise<{ code: number | null; signal: string | null; out: string; err: string }>(
    (resolve) => child.on('close', (code, signal) => resolve({ code, signal, ...got })),
  );
  return { child, ended };
}

/** Whole replies that went out, first ones and others. */
export const answeredBy = ({ provider: { ledger } }: ProviderServer): number =>
  ledger.counts.useful + ledger.counts.redundant;

/**
 * Starts a command again and again until one is left to end: each is killed when it asks for something after so many replies more. A command with
 * one call in flight at a time has received every earlier reply by then.
 *
 * @returns what each killed one had written to stderr.
 */
export async function killedEvery(
  replies: number,
  endpoint: ProviderServer,
  start: () => ReturnType<typeof running>,
): Promise<string[]> {
  const killed: string[] = [];
  for (;;) {
    const stopAt = answeredBy(endpoint) + replies;
    const { child, ended } = start();
    endpoint.provider.fate = () => {
      if (answeredBy(endpoint) < stopAt) return { kind: 'reply' };
      child.kill('SIGKILL');
      return { kind: 'hang' };
    };
    const { code, signal, err } = await ended;
    if (code === 0) return killed;
    expect({ code, signal, err }).toMatchObject({ code: null, signal: 'SIGKILL' });
    killed.push(err);
  }
}

/** What is tested is not the judge: three labelled answers would not pass the gate. */
export const training = (folder: string, ...more: string[]) =>
  running('run', folder, '--no-gate', 'only a test', ...more);
export const train = (folder: string, ...more: string[]) => training(folder, ...more).ended;

export const summaryOf = (folder: string): Summary =>
  summarySchema.parse(JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')));

export async function weightsOf(folder: string): Promise<string> {
  const [newest] = readdirSync(join(folder, 'checkpoints')).sort().toReversed();
  return (await CausalLM.load(join(folder, 'checkpoints', newest!))).fingerprint();
}
