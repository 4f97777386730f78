import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CausalLM } from '@touchstone/engine';
import { prepareQuickstart } from '@touchstone/quickstart';
import { summarySchema, type Summary } from '@touchstone/spec';
import { afterAll, vi } from 'vitest';
import { parse, stringify } from 'yaml';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const TRUTH = fileURLToPath(new URL('../../../../examples/quickstart/dist/truth.js', import.meta.url));
// Several whole runs, beside whatever else the machine does.
vi.setConfig({ testTimeout: 240_000 });

const root = mkdtempSync(join(tmpdir(), 'touchstone-run-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Shape {
  judge?: { base_url: string; [key: string]: unknown };
  edit?: (config: Record<string, Record<string, unknown>>) => void;
}

/** The quickstart's case, cut to seconds: same models, same prompts, real training. */
export async function smallRun(name: string, { judge, edit }: Shape = {}): Promise<string> {
  const folder = join(root, name);
  await prepareQuickstart(folder, 1, {
    sizes: { train: 8, eval: 3, annotations: 12, labelled: 1, regression: 3 },
  });
  change(folder, (config) => {
    if (judge)
      Object.assign(config['judge']!, {
        model: 'openai-compatible:tiny-judge',
        concurrency: 1,
        attempts: 2,
        ...judge,
      });
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

export function change(
  folder: string,
  edit: (config: Record<string, Record<string, unknown>>) => void,
): void {
  const path = join(folder, 'touchstone.yaml');
  const config = parse(readFileSync(path, 'utf8')) as Record<string, Record<string, unknown>>;
  edit(config);
  writeFileSync(path, stringify(config));
}

export const touchstone = (...args: string[]) =>
  spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', timeout: 200_000 });

/** What is tested is not the judge: three labelled answers would not pass the gate. */
export const trainArguments = (folder: string, ...more: string[]): string[] => [
  'run',
  folder,
  '--no-gate',
  'only a test',
  ...more,
];
export const train = (folder: string, ...more: string[]) => touchstone(...trainArguments(folder, ...more));

/** As above, but this process goes on serving the judge meanwhile. */
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

export const summaryOf = (folder: string): Summary =>
  summarySchema.parse(JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')));

export async function weightsOf(folder: string): Promise<string> {
  const [newest] = readdirSync(join(folder, 'checkpoints')).sort().toReversed();
  return (await CausalLM.load(join(folder, 'checkpoints', newest!))).fingerprint();
}
