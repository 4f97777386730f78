import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CausalLM } from '@touchstone/engine';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { prepareQuickstart } from '@touchstone/quickstart';
import { missingTrl, PYTHON } from '../trl-python.testing.js';

const at = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const MAIN = at('dist/main.js');
const POLICY = at('../../examples/quickstart/models/policy');
const EXAMPLE = at('../../examples/trl/train.py');
const why = missingTrl();

interface LogLine {
  loss?: number;
  grad_norm?: number;
  'rewards/touchstone_reward/mean'?: number | null;
  'touchstone/abstained'?: number;
}
/** A completion as TRL logs it. */
interface Completion {
  touchstone_reward: number | null;
  'not judged': string;
  advantage: number;
}

/** `touchstone reward serve` in a process of its own. */
async function serve(folder: string) {
  const child = spawn(process.execPath, [MAIN, 'reward', 'serve', folder, '--port', '0', '--json']);
  let out = '';
  let errors = '';
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  const ended = new Promise((resolve) => child.on('close', resolve));
  await new Promise<void>((resolve, reject) => {
    child.on('close', () => reject(new Error(errors)));
    child.stdout.on('data', (data: Buffer) => {
      out += data.toString();
      if (out.includes('\n')) resolve();
    });
  });
  const { url } = JSON.parse(out) as { url: string };
  return { url, close: () => (child.kill('SIGTERM'), ended) };
}

describe.skipIf(why)(`TRL${why ? ` (skipped: ${why})` : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-trl-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('trains with a GRPOTrainer against the reward server and its real judge', async () => {
    const path = await prepareQuickstart(folder, 1, {
      sizes: { train: 6, eval: 1, annotations: 1, labelled: 1, regression: 1 },
    });
    const config = parse(readFileSync(path, 'utf8')) as Record<string, Record<string, unknown>>;
    delete config['evaluation'];
    writeFileSync(path, stringify(config));
    // One task's document is too long for the judge: it abstains on the answers to it, but for those that fail a gate.
    const data = join(folder, 'data/train.jsonl');
    const tasks = readFileSync(data, 'utf8').trim().split('\n');
    const [first, ...others] = tasks.map((line) => JSON.parse(line) as { document: string });
    first!.document = `${first!.document}\n`.repeat(60);
    writeFileSync(data, [first!, ...others].map((task) => `${JSON.stringify(task)}\n`).join(''));

    const shim = join(folder, 'touchstone_trl.py');
    expect(spawnSync(process.execPath, [MAIN, 'reward', 'shim', 'trl', '--out', shim]).status).toBe(0);
    const server = await serve(folder);
    const out = join(folder, 'out');
    const env = {
      ...process.env,
      TOUCHSTONE_REWARD_URL: server.url,
      PYTHONPATH: folder,
      HF_HUB_OFFLINE: '1',
    };
    const run = promisify(execFile);
    try {
      const args = [EXAMPLE, POLICY, data, '--output', out, '--steps', '3', '--prompts-per-step', '2'];
      const { stdout } = await run(PYTHON!, args, { env, maxBuffer: 2 ** 26 });
      const lines = stdout.split('\n').filter((line) => line.startsWith('{"'));
      const steps = lines.map((line) => JSON.parse(line) as LogLine).filter(({ loss }) => loss !== undefined);
      expect(steps).toHaveLength(3);
      for (const step of steps) {
        expect([step.loss, step.grad_norm]).toSatisfy((numbers: unknown[]) => numbers.every(Number.isFinite));
      }

      const table = `import glob, pandas; print(pandas.concat(map(pandas.read_parquet, sorted(glob.glob(
        ${JSON.stringify(join(out, 'completions/*.parquet'))}))))[["touchstone_reward", "not judged", "advantage"]].to_json(orient="records"))`;
      const completions = JSON.parse((await run(PYTHON!, ['-c', table])).stdout) as Completion[];
      expect(completions).toHaveLength(24);
      const lacking = completions.filter(({ touchstone_reward: reward }) => reward === null);
      const given = completions.filter(({ touchstone_reward: reward }) => reward !== null);
      expect(lacking.length).toBeGreaterThan(0);
      // What is not judged moves nothing, and says why.
      for (const one of lacking) {
        expect([one.advantage, one['not judged']]).toEqual([0, expect.stringMatching(/^\w+: ./)]);
      }
      expect(new Set(given.map(({ touchstone_reward: reward }) => reward)).size).toBeGreaterThan(2);
      expect(given.some(({ advantage }) => advantage !== 0)).toBe(true);
      for (const one of given) expect(one['not judged']).toBe('');
      const abstained = steps.reduce((sum, step) => sum + step['touchstone/abstained']! * 8, 0);
      expect(abstained).toBeCloseTo(lacking.length);
    } finally {
      await server.close();
    }
    // What TRL saved is a model of ours again, and another one.
    const before = (await CausalLM.load(POLICY)).fingerprint();
    expect((await CausalLM.load(out)).fingerprint()).not.toBe(before);
  }, 900_000);
});
