import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CausalLM, openLocalModel } from '@touchstone/engine';
import { summarySchema, type LanguageModel, type Summary } from '@touchstone/spec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { prepareQuickstart } from '@touchstone/quickstart';
import { startProvider, type ProviderServer } from '@touchstone/testing';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const TRUTH = fileURLToPath(new URL('../../../../examples/quickstart/dist/truth.js', import.meta.url));
const JUDGE = fileURLToPath(new URL('../../../../examples/quickstart/models/judge', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'touchstone-run-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let judgeModel: LanguageModel;
beforeAll(async () => {
  judgeModel = await openLocalModel(JUDGE);
});

interface Shape {
  judge?: { base_url: string; [key: string]: unknown };
  edit?: (config: Record<string, Record<string, unknown>>) => void;
}

/** The quickstart's case, cut to seconds: same models, same prompts, real training. */
async function smallRun(name: string, { judge, edit }: Shape = {}): Promise<string> {
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

function change(folder: string, edit: (config: Record<string, Record<string, unknown>>) => void): void {
  const path = join(folder, 'touchstone.yaml');
  const config = parse(readFileSync(path, 'utf8')) as Record<string, Record<string, unknown>>;
  edit(config);
  writeFileSync(path, stringify(config));
}

const touchstone = (...args: string[]) =>
  spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', timeout: 120_000 });

/** What is tested is not the judge: three labelled answers would not pass the gate. */
const trainArguments = (folder: string, ...more: string[]): string[] => [
  'run',
  folder,
  '--no-gate',
  'only a test',
  ...more,
];
const train = (folder: string, ...more: string[]) => touchstone(...trainArguments(folder, ...more));

/** As above, but this process goes on serving the judge meanwhile. */
function running(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args]);
  const got = { out: '', err: '' };
  child.stdout.on('data', (data: Buffer) => (got.out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (got.err += data.toString()));
  const ended = new Promise<{ code: number | null; signal: string | null; out: string; err: string }>(
    (resolve) => child.on('close', (code, signal) => resolve({ code, signal, ...got })),
  );
  return { child, ended };
}

const summaryOf = (folder: string): Summary =>
  summarySchema.parse(JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')));

async function weightsOf(folder: string): Promise<string> {
  const [newest] = readdirSync(join(folder, 'checkpoints')).sort().toReversed();
  return (await CausalLM.load(join(folder, 'checkpoints', newest!))).fingerprint();
}

describe('touchstone run', () => {
  it('goes from baseline to report, and again without harm', async () => {
    const folder = await smallRun('whole');
    const first = train(folder);
    expect(first).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/judge score[\s\S]*BASE[\s\S]*SFT[\s\S]*RFT[\s\S]*report\.html/),
    });
    const summary = summaryOf(folder);
    expect(Object.keys(summary.models)).toEqual(['base', 'sft', 'rft']);
    expect(summary).toMatchObject({
      seed: 1,
      training: { steps: 3, rollouts: 12 },
      steps: [{ step: 1 }, { step: 2 }, { step: 3 }],
    });
    expect(summary.judge.calls).toBeGreaterThan(0);
    expect(summary.comparisons.map(({ better, baseline }) => `${better}-${baseline}`)).toContain('rft-sft');
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('<!doctype html>');

    const again = train(folder, '--json');
    expect(again.status).toBe(0);
    expect({ ...summaryOf(folder), created: '' }).toEqual({ ...summary, created: '' });
  });

  it('refuses to mix two runs in one folder, and says what differs', async () => {
    const folder = await smallRun('mixed');
    expect(train(folder).status).toBe(0);
    change(folder, (config) => (config['judge']!['concurrency'] = 3));
    expect(train(folder).status).toBe(0);
    const other = train(folder, '--seed', '2');
    expect(other.status).toBe(2);
    expect(other.stderr).toMatch(
      /config\.yaml: this folder holds another run: the configuration differs\. Choose another folder/,
    );
    writeFileSync(
      join(folder, 'data/eval.jsonl'),
      readFileSync(join(folder, 'data/eval.jsonl'), 'utf8').split('\n').slice(1).join('\n'),
    );
    expect(train(folder).stderr).toMatch(/another run: data\/eval\.jsonl differ/);
  });

  it('stops at the gate with exit code 3, and goes on when somebody says why', async () => {
    const folder = await smallRun('gate', {
      edit: (config) => (config['gate'] = { label_accuracy: { min: 1.01 } }),
    });
    const refused = train(folder);
    expect(refused.status).toBe(3);
    expect(refused.stderr).toMatch(/label_accuracy/);
    const overridden = touchstone('run', folder, '--override-gate', 'only a test');
    expect(overridden.status).toBe(0);
    expect(summaryOf(folder).judge).toMatchObject({
      gate: 'insufficient-data',
      override_reason: 'only a test',
    });
  });
});

describe('with a judge behind HTTP', () => {
  let endpoint: ProviderServer;
  /** Whole replies that went out, first ones and others. */
  const answered = (): number => {
    const { useful, redundant } = endpoint.provider.ledger.counts;
    return useful + redundant;
  };
  /** A question of another run is another one to pay for. */
  let run = 'first';
  const startEndpoint = () =>
    startProvider({
      respond: ({ request }) => judgeModel.generate(request),
      sampleOf: ({ prompt }) => `${run}: ${prompt}`,
    });
  beforeAll(async () => {
    endpoint = await startEndpoint();
  });
  afterAll(() => endpoint.goDown());

  it('killed at any stage and run again, it ends the same and pays for nothing twice', async () => {
    const judge = { base_url: endpoint.url, structured_output: 'prompt' };
    const straight = await smallRun('straight', { judge });
    expect(await running(...trainArguments(straight)).ended).toMatchObject({ code: 0 });
    const needed = answered();
    run = 'second';
    const weights = await weightsOf(straight);

    const folder = await smallRun('killed', { judge });
    // One call is in flight at a time: when a request arrives, every earlier reply has been received. It is killed at
    // that moment, a few calls further on each time, so that every stage is cut off somewhere.
    const stages = new Set<string>();
    for (let kills = 0; ; kills++) {
      const stopAt = answered() + 6;
      const { child, ended } = running(...trainArguments(folder));
      endpoint.provider.fate = () => {
        if (answered() < stopAt) return { kind: 'reply' };
        child.kill('SIGKILL');
        return { kind: 'hang' };
      };
      const { code, signal, err } = await ended;
      stages.add(err.trimEnd().split('\n').at(-1)?.split(':')[0] ?? '');
      if (code === 0) {
        expect(kills).toBeGreaterThan(3);
        break;
      }
      expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' });
    }

    expect(endpoint.provider.ledger.counts.redundant).toBe(0);
    expect(answered()).toBe(2 * needed);
    expect(await weightsOf(folder)).toBe(weights);
    const [a, b] = [summaryOf(straight), summaryOf(folder)];
    expect(b.models).toEqual(a.models);
    expect(b.judge.calls).toBe(a.judge.calls);
    expect(b.steps.map(({ seconds: _, ...step }) => step)).toEqual(
      a.steps.map(({ seconds: _, ...step }) => step),
    );
  }, 240_000);

  it('killed between calls, while it trains or saves, it still ends the same', async () => {
    const folder = await smallRun('killed-by-clock');
    const straight = await smallRun('straight-by-clock');
    expect(train(straight).status).toBe(0);
    // Ever later, so that it falls into loading, evaluation, training, checkpoints and SFT alike.
    for (let wait = 1000; ; wait += 1500) {
      const { child, ended } = running(...trainArguments(folder));
      const timer = setTimeout(() => child.kill('SIGKILL'), wait);
      const { code } = await ended;
      clearTimeout(timer);
      if (code === 0) break;
      expect(code).toBeNull();
    }
    expect(await weightsOf(folder)).toBe(await weightsOf(straight));
    expect(summaryOf(folder).models['rft']).toEqual(summaryOf(straight).models['rft']);
  }, 240_000);

  it('an endpoint that is down is one clear message and exit code 1; the run resumes once it is back', async () => {
    const down = await startEndpoint();
    await down.goDown();
    const folder = await smallRun('down', { judge: { base_url: down.url, structured_output: 'prompt' } });
    const failed = await running(...trainArguments(folder)).ended;
    expect(failed.code).toBe(1);
    expect(failed.err).toMatch(/error: [^\n]*transport[^\n]*127\.0\.0\.1/);
    expect(failed.err).not.toMatch(/\n\s+at /);
    await down.comeBack();
    expect((await running(...trainArguments(folder)).ended).code).toBe(0);
    await down.goDown();
  }, 120_000);

  it('an endpoint that refuses the key is one clear message, and the key is not in it', async () => {
    process.env['TINY_JUDGE_KEY'] = 'secret-key-123';
    endpoint.provider.fate = () => ({ kind: 'error', status: 401, message: 'bad key secret-key-123' });
    const folder = await smallRun('refused', {
      judge: { base_url: endpoint.url, api_key_env: 'TINY_JUDGE_KEY' },
    });
    const failed = await running(...trainArguments(folder)).ended;
    expect(failed.code).toBe(1);
    expect(failed.err).toMatch(/401[\s\S]*TINY_JUDGE_KEY/);
    expect(failed.err + failed.out).not.toContain('secret-key-123');
    endpoint.provider.fate = () => ({ kind: 'reply' });
    expect((await running(...trainArguments(folder)).ended).code).toBe(0);
    expect(readFileSync(join(folder, 'run.db')).includes('secret-key-123')).toBe(false);
  }, 120_000);
});

describe('wrong input is one clear message with its place and exit code 2', () => {
  it.each<[string, (folder: string) => void, RegExp]>([
    [
      'a wrong key',
      (f) => replace(f, 'steps: 3', 'stepz: 3'),
      /touchstone\.yaml:\d+:\d+: .*stepz.*did you mean "steps"/,
    ],
    [
      'a wrong type',
      (f) => replace(f, 'steps: 3', 'steps: many'),
      /touchstone\.yaml:\d+:\d+: .*steps.*expected.*"many"/,
    ],
    [
      'a missing file',
      (f) => rmSync(join(f, 'data/eval.jsonl')),
      /touchstone\.yaml:\d+:\d+: data\.eval: there is no such file/,
    ],
    ['an empty data file', (f) => writeFileSync(join(f, 'data/train.jsonl'), ''), /train\.jsonl: .*empty/],
    [
      'a bad line',
      (f) =>
        writeFileSync(
          join(f, 'data/train.jsonl'),
          '{"messages":[{"role":"user","content":"a"}]}\n{"messages":7}\nnot json\n',
        ),
      /train\.jsonl:2: messages[\s\S]*train\.jsonl:3:/,
    ],
    [
      'a model folder without weights',
      (f) => replace(f, /local:.*policy/, 'local:data'),
      /touchstone\.yaml:\d+:\d+: policy\.model: .*config\.json/,
    ],
  ])('%s', async (name, spoil, message) => {
    const folder = await smallRun(name.replaceAll(' ', '-'));
    spoil(folder);
    const failed = train(folder);
    expect({ status: failed.status, err: failed.stderr }).toEqual({
      status: 2,
      err: expect.stringMatching(message),
    });
    expect(failed.stderr).not.toMatch(/\n\s+at /);
    expect(failed.stdout).toBe('');
  });
});

function replace(folder: string, what: string | RegExp, by: string): void {
  const path = join(folder, 'touchstone.yaml');
  writeFileSync(path, readFileSync(path, 'utf8').replace(what, by));
}
