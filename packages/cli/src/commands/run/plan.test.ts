import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BACKENDS } from '@touchstone/launch';
import type { TrainingPlan } from '@touchstone/run';
import { openRun } from '@touchstone/store';
import { isHosted } from '@touchstone/train/schema';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../program.js';
import { change, smallRun } from '../small-run.testing.js';

/** Runs the command line in this process. */
async function cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const got = { out: '', err: '' };
  const code = await runCli(args, {
    out: { write: (text) => (got.out += text) },
    err: { write: (text) => (got.err += text) },
    env: {},
  });
  return { code, ...got };
}

describe('touchstone run --plan', () => {
  let folder: string;
  const at = (path: string): string => readFileSync(join(folder, path), 'utf8');
  const lines = (path: string): Record<string, unknown>[] =>
    at(path)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  // Nothing listens there: a plan asks nobody.
  beforeAll(async () => {
    folder = await smallRun('http://127.0.0.1:9/v1', (config) => {
      delete config['training']!['sft'];
      config['judge']!['price'] = { input: 1, output: 2 };
      config['judge']!['requests_per_minute'] = 30;
      delete config['heldout_judge'];
    });
    const data = join(folder, 'data/train.jsonl');
    writeFileSync(data, at('data/train.jsonl').replace('{', '{"truth":"the secret",'));
  });

  it('says of the embedded engine what training will take, and nothing else', async () => {
    const { code, out } = await cli('run', folder, '--plan', '--out', join(folder, 'embedded'));
    expect(code).toBe(0);
    expect(out).toMatch(
      /Trained by: embedded\n\n12 answers in training and 12 in the evaluations: about 24 calls/,
    );
    expect(out).toMatch(/How long 3 steps take is not known .* calls take 48 s at least/);
    expect(out).not.toContain('servers');
    expect(existsSync(join(folder, 'embedded/trl'))).toBe(false);
  });

  it('writes the files of TRL, with one line of the configuration changed', async () => {
    change(folder, (config) => (config['training']!['backend'] = 'trl'));
    const { code, out } = await cli('run', folder, '--plan', '--json');
    expect(code).toBe(0);
    const plan = JSON.parse(out) as TrainingPlan;
    expect(plan).toMatchObject({ backend: 'trl', steps: 3, rollouts: 12, calls: 24, callSeconds: 48 });
    expect(plan.money).toBeGreaterThan(0);
    for (const { path } of plan.files) expect(existsSync(join(plan.folder!, path))).toBe(true);
    const trl = plan.folder!.slice(folder.length + 1);
    // What only evaluation may see stays here.
    const tasks = lines(`${trl}/tasks.jsonl`);
    expect(tasks).toHaveLength(8);
    expect(JSON.stringify(tasks)).not.toContain('the secret');
    const order = at(`${trl}/order.jsonl`).trim().split('\n');
    expect(order.map((line) => (JSON.parse(line) as string[]).length)).toEqual([2, 2, 2]);
    expect(at(`${trl}/SETTINGS.md`)).toMatch(
      /training\.sft \| not set \| no counterpart \| the embedded engine/,
    );

    const again = await cli('run', folder, '--plan');
    expect(again.out).toMatch(/train\.py[\s\S]*training\.clip_high +0\.28 +epsilon_high = 0\.28/);
    expect(again.out).toMatch(
      /touchstone reward bundle\):\n2 servers, 3 at most: 4 answers judged at once .*\n.*\nWhat a batch waits for: .* concurrency 1 of/,
    );
    expect(plan).toMatchObject({ fleet: { replicas: 2, bottleneck: 'concurrency' } });
  });

  it('says nothing of servers where the judge declares no limit', async () => {
    const said = at('touchstone.yaml');
    change(folder, (config) => delete config['judge']!['requests_per_minute']);
    const { out } = await cli('run', folder, '--plan', '--out', join(folder, 'unlimited'));
    writeFileSync(join(folder, 'touchstone.yaml'), said);
    expect(out).toContain('Trained by: trl');
    expect(out).not.toContain('servers');
  });

  it('says what an adapter becomes, and may be made again with another one', async () => {
    const said = at('touchstone.yaml');
    const planned = async (lora: object | null) => {
      change(folder, (config) => (config['training']!['trl'] = lora ? { lora } : {}));
      return cli('run', folder, '--plan', '--out', join(folder, 'adapted'));
    };
    expect((await planned({ rank: 8 })).out).toMatch(/LoraConfig\(r=8, lora_alpha=16, lora_dropout=0/);
    expect((await planned({ rank: 4 })).out).toMatch(/LoraConfig\(r=4/);
    expect((await planned(null)).out).not.toContain('LoraConfig');
    writeFileSync(join(folder, 'touchstone.yaml'), said);
  });

  it('writes the files of OpenRLHF, with the same line changed', async () => {
    const out = join(folder, 'with-openrlhf');
    change(folder, (config) => (config['training']!['backend'] = 'openrlhf'));
    const { code, out: said } = await cli('run', folder, '--plan', '--json', '--out', out);
    change(folder, (config) => (config['training']!['backend'] = 'trl'));
    expect(code).toBe(0);
    const plan = JSON.parse(said) as TrainingPlan;
    expect(plan).toMatchObject({ backend: 'openrlhf', steps: 3, rollouts: 12, calls: 24 });
    for (const { path } of plan.files) expect(existsSync(join(plan.folder!, path))).toBe(true);
    const files = plan.files.map(({ path }) => at(`with-openrlhf/openrlhf/${path}`));
    expect(files.join()).not.toContain('the secret');
    expect(at('with-openrlhf/openrlhf/SETTINGS.md')).toMatch(
      /training\.clip_high \| 0\.28 \| --actor\.eps_clip_low_high 0\.2 0\.28/,
    );
  });

  it('asks as much of the judge whoever trains: the same file on a cluster, but for one value', async () => {
    const said = at('touchstone.yaml');
    change(folder, (config) => (config['training']!['ray'] = { address: 'http://127.0.0.1:9' }));
    const plans: TrainingPlan[] = [];
    // Those of a cloud service train another policy: one that is there.
    const backends = ['embedded' as const, ...BACKENDS.map(({ name }) => name)].filter(
      (name) => !isHosted(name),
    );
    for (const backend of backends) {
      change(folder, (config) => (config['training']!['backend'] = backend));
      const { code, out, err } = await cli(
        'run',
        folder,
        '--plan',
        '--json',
        '--out',
        join(folder, `on-${backend}`),
      );
      expect({ code, err }).toEqual({ code: 0, err: '' });
      plans.push(JSON.parse(out) as TrainingPlan);
    }
    writeFileSync(join(folder, 'touchstone.yaml'), said);
    expect(plans.map(({ backend }) => backend)).toEqual(backends);
    const asked = plans.map(({ steps, rollouts, calls, money }) => ({ steps, rollouts, calls, money }));
    expect(new Set(asked.map((one) => JSON.stringify(one))).size).toBe(1);
    for (const { path, folder: at } of plans.flatMap((one) =>
      one.files.map(({ path }) => ({ ...one, path })),
    )) {
      expect(readFileSync(join(at!, path), 'utf8')).not.toContain('the secret');
    }
    expect(lines('on-verl/verl/rows.jsonl')).toHaveLength(6);
  });

  it('is refused by the folder of a run that has begun with another engine', async () => {
    const out = join(folder, 'embedded');
    const store = openRun(out);
    store.finishStage('judge', 1, null);
    store.close();
    const { code, err } = await cli('run', folder, '--plan', '--out', out);
    expect(code).toBe(2);
    expect(err).toContain('this folder holds another run: the configuration differs');
  });

  it('comes before doctor, which says what TRL lacks and what to do', async () => {
    change(folder, (config) => (config['training']!['trl'] = { python: './no-such-python' }));
    const { code, out } = await cli('doctor', folder);
    expect(code).toBe(1);
    expect(out).toMatch(
      /FAILED +TRL +\S*no-such-python cannot be started \(ENOENT\): set training\.trl\.python/,
    );
    const run = await cli('run', folder, '--no-gate', 'only a test', '--out', join(folder, 'other'));
    expect(run).toMatchObject({ code: 2, err: expect.stringContaining('no-such-python cannot be started') });
  });
});
