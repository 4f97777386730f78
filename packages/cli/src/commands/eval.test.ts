import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evaluationSummarySchema, random, type EvaluationSummary } from '@touchstone/spec';
import { openRun } from '@touchstone/store';
import { afterAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { runCli } from '../program.js';

const root = mkdtempSync(join(tmpdir(), 'touchstone-eval-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const got = { out: '', err: '' };
  const code = await runCli(['eval', ...args], {
    out: { write: (text) => (got.out += text) },
    err: { write: (text) => (got.err += text) },
    env: {},
  });
  return { code, ...got };
}

async function summaryOf(...args: string[]): Promise<EvaluationSummary> {
  const { code, out, err } = await cli(...args, '--json');
  if (code !== 0) throw new Error(err);
  return evaluationSummarySchema.parse(JSON.parse(out));
}

/** Writes files into a folder of their own. */
function folderWith(files: Record<string, string | object>): string {
  const folder = mkdtempSync(join(root, 'f-'));
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), typeof content === 'string' ? content : stringify(content));
  return folder;
}
const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

/** Each checkpoint's own mean; there is a dip at step 6. */
const CHECKPOINTS = { 0: 0.6, 3: 0.55, 6: 0.05, 9: 0.6, 12: 0.55, 15: 0.7, 18: 0.98 };

/** A checkpoint's 50 answers to 10 tasks as a page of OpenAI's evaluations, with tools and a trace that is the answer's own. */
function checkpointPage(step: number, quality: number): { page: string; scores: number[] } {
  const draw = random(1, 'checkpoint', step);
  const scores: number[] = [];
  const items = Array.from({ length: 50 }, (_, i) => {
    const task = i % 10;
    const score = draw.next() > quality ? 0 : draw.next() < 0.7 ? 1 : 0.5;
    scores.push(score);
    const call = {
      id: '',
      type: 'function',
      function: { name: 'verify_return', arguments: `{"order_id":"#W${task}"}` },
    };
    const content = draw.next() < 0.1 ? '' : `Order ${task} may go back.`;
    return {
      id: `outputitem_${step}_${i}`,
      status: score === 1 ? 'pass' : 'fail',
      results: [{ score, name: 'Policy Outcome Grader-22415264-f1de-4c39-aafa-684abd2d55d8' }],
      sample: { input: [], output: [{ content, role: 'assistant', tool_calls: [call] }] },
      datasource_item: {
        messages: [
          { name: null, role: 'developer', content: 'You are a retail agent.' },
          { name: null, role: 'user', content: `May I return order ${task}?` },
        ],
        tools: [{ type: 'function', function: { name: 'verify_return', parameters: {} }, strict: false }],
        parallel_tool_calls: true,
        shop: `shop ${task % 5}`,
        trace: { step, i },
      },
    };
  });
  return { page: JSON.stringify({ run_name: `Step ${step}`, total_items: 50, items }, null, 2), scores };
}

describe('touchstone eval of stored outputs', () => {
  const pages = Object.entries(CHECKPOINTS).map(([step, quality]) => ({
    step,
    ...checkpointPage(Number(step), quality),
  }));
  const folder = folderWith(Object.fromEntries(pages.map(({ step, page }) => [`step-${step}.json`, page])));
  const names = pages.map(({ step }) => `step-${step}`);
  const answers = ['--answers', ...names.map((name) => `${name}=${join(folder, name)}.json`)];

  it('has the means of the files, the dip and the best of seven checkpoints, in one command without a policy', async () => {
    const out = join(folder, 'out');
    const summary = await summaryOf(...answers, '--order', names.join(','), '--out', out);
    for (const { step, scores } of pages) {
      const { metrics, answers: count, tasks } = summary.models[`step-${step}`]!;
      expect({ count, tasks }).toEqual({ count: 50, tasks: 10 });
      expect(metrics['Policy Outcome Grader']!.mean).toBeCloseTo(mean(scores), 12);
    }
    expect(summary.metrics).toEqual(['Policy Outcome Grader']);
    expect(summary.pairs).toHaveLength(21);
    const [curve] = summary.curves;
    expect(curve).toMatchObject({ best: 'step-18', highest: 'step-18' });
    expect(curve!.dips.map(({ model }) => model)).toContain('step-6');
    expect(summary.remarks.join()).toContain('differ in trace');
    for (const file of ['evaluation.json', 'records.jsonl', 'report.html'])
      expect(existsSync(join(out, file))).toBe(true);
  });

  it('is judged by a judge of one’s own, which is shown what was done with tools', async () => {
    const judge = `export default (rollouts) => rollouts.map(({ response }) => {
      if (!/^Tool call:\\n  verify_return .*\\nFinal answer:\\n/.test(response)) throw new Error(response);
      return response.endsWith('(none)') ? 0 : 1;
    });`;
    const config = {
      judge: { kind: 'code', module: './judge.mjs' },
      evaluation: { cluster: 'metadata.shop', slices: ['metadata.shop'] },
    };
    const at = folderWith({ 'touchstone.yaml': config, 'judge.mjs': judge });
    const summary = await summaryOf(at, ...answers.slice(0, 3), '--out', join(at, 'out'));
    const { metrics, clusters, slices } = summary.models['step-0']!;
    const said = (JSON.parse(pages[0]!.page) as { items: { sample: { output: { content: string }[] } }[] })
      .items;
    expect(metrics['judge_score']!.mean).toBeCloseTo(
      mean(said.map(({ sample }) => Number(sample.output[0]!.content !== ''))),
      12,
    );
    expect(clusters).toBe(5);
    expect(new Set(slices.map(({ value }) => value)).size).toBe(5);
  });

  it('refuses another evaluation’s folder, a grader without a scale and names that are none, with exit code 2', async () => {
    const out = join(folder, 'claimed');
    expect((await cli(...answers.slice(0, 2), '--out', out)).code).toBe(0);
    expect(await cli(...answers.slice(0, 3), '--out', out)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/holds another run: the model step-3 differ/) as string,
    });
    const rows = [1, 5].map((score) => ({ prompt: `${score}?`, response: 'x', scores: { stars: score } }));
    const at = folderWith({
      'a.jsonl': lines(rows),
      'touchstone.yaml': { evaluation: { models: { a: { answers: 'a.jsonl' } }, scales: { stars: [1, 5] } } },
    });
    expect(await cli('--answers', `a=${join(at, 'a.jsonl')}`, '--out', join(at, 'no'))).toMatchObject({
      code: 2,
      err: expect.stringMatching(
        /the grader "stars" gives scores of 1 to 5, and expected were 0 to 1/,
      ) as string,
    });
    expect((await summaryOf(at, '--out', join(at, 'scaled'))).models['a']!.metrics['stars']!.mean).toBe(0.5);
    expect(await cli(at, '--order', 'a,b', '--out', join(at, 'order'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('got b') as string,
    });
    expect(await cli('--answers', 'file')).toMatchObject({
      code: 2,
      err: expect.stringContaining('expected NAME=FILE') as string,
    });
  });
});

/** Answers with as many words as the task says; the model's name says how many more. */
const PROVIDER = `import { appendFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
const ASKED = join(dirname(fileURLToPath(import.meta.url)), 'asked.txt');
export default (name) => ({ version: '1', structuredOutput: false, generate: async ({ messages, schema }) => {
  appendFileSync(ASKED, name + '\\n');
  const text = messages.at(-1).content;
  if (name === 'judge') {
    const [a, b] = ['answer_a', 'answer_b'].map((tag) => text.split('<' + tag + '>').at(-1).split('</' + tag + '>')[0].trim().length);
    const marker = /reply id is (\\S+)/.exec(text)[1];
    return { text: JSON.stringify({ id: marker, evidence_a: '', evidence_b: '', reason: 'longer', winner: a > b ? 'A' : a < b ? 'B' : 'tie' }), inputTokens: 10, outputTokens: 5, finish: 'stop' };
  }
  const n = Number(/\\d+/.exec(text)[0]);
  const words = n + Number(name) * (1 + (n % 2));
  return { text: 'word '.repeat(words).trim(), inputTokens: 5, outputTokens: words, finish: 'stop' };
} });`;

describe('touchstone eval of models that are asked', () => {
  const tasks = [1, 2, 3, 4, 5, 6].map((n) => ({ id: `t${n}`, prompt: `Write ${n} words.`, answer: 'word' }));
  const judge = (code: string): string =>
    `export default (rollouts) => rollouts.map(({ response, task }) => { const words = response.split(' ').length; return ${code}; });`;
  const config = {
    seed: 3,
    data: { eval: 'eval.jsonl' },
    judge: { kind: 'code', module: './long.mjs' },
    evaluation: {
      samples: 1,
      best_of: 1,
      models: {
        short: { model: 'code:./provider.mjs#0', temperature: 0.5, price: { input: 1, output: 2 } },
        long: { model: 'code:./provider.mjs#3', price: { input: 1, output: 2 } },
        stored: { answers: 'stored.jsonl' },
      },
      judges: { brief: { kind: 'code', module: './brief.mjs' } },
    },
  };
  const files = {
    'eval.jsonl': lines(tasks),
    // Two of the tasks, known by what they ask.
    'stored.jsonl': lines(tasks.slice(0, 2).map(({ prompt }) => ({ prompt, response: '' }))),
    'provider.mjs': PROVIDER,
    'long.mjs': judge('Math.min(1, words / 20)'),
    'brief.mjs': judge('1 - Math.min(1, words / 20)'),
    'touchstone.yaml': config,
  };
  const askedIn = (folder: string): number =>
    existsSync(join(folder, 'asked.txt'))
      ? readFileSync(join(folder, 'asked.txt'), 'utf8').trim().split('\n').length
      : 0;

  it('says what it costs, asks once, and shows that a difference turns around under another judge', async () => {
    const folder = folderWith(files);
    const plan = await cli(folder, '--plan', '--json');
    expect(plan.code).toBe(0);
    expect(JSON.parse(plan.out)).toMatchObject({
      calls: 12,
      models: [{ name: 'short', answers: 6, calls: 6 }, {}, { calls: 0, money: 0 }],
      judges: [{ answers: 14 }, { name: 'brief' }],
    });
    expect(askedIn(folder)).toBe(0);
    const summary = await summaryOf(folder);
    expect(askedIn(folder)).toBe(12);
    const { short, long, stored } = summary.models;
    expect(short!.metrics['judge_score']!.mean).toBeCloseTo(3.5 / 20, 12);
    expect(long!.metrics['judge_score']!.mean).toBeCloseTo(8 / 20, 12);
    expect(long!.metrics['brief']!.mean).toBeCloseTo(12 / 20, 12);
    expect(long!.tokens!.mean).toBe(8);
    expect(stored).toMatchObject({ tasks: 2, answers: 2, tokens: null });
    expect(summary.common_tasks).toBe(2);
    const swap = summary.judge_swap.find(({ model, baseline }) => model === 'long' && baseline === 'short');
    expect(swap!.judges[0]).toMatchObject({ judge: 'brief', outcome: 'turns-around' });
    await summaryOf(folder);
    expect(askedIn(folder)).toBe(12);
    expect(await cli(folder)).toMatchObject({
      code: 0,
      err: expect.stringContaining('3 models, 14 answers: about 12 calls') as string,
    });
  });

  it('leaves records by which compare refuses another judge, and other tasks, and says its remarks', async () => {
    const made = async (edit: object, more: Record<string, string> = {}): Promise<string> => {
      const models = { stored: { answers: 'stored.jsonl' } };
      const folder = folderWith({
        ...files,
        ...more,
        'touchstone.yaml': { ...config, evaluation: { models }, ...edit },
      });
      await summaryOf(folder);
      return join(folder, 'runs/touchstone-eval');
    };
    const compare = async (...paths: string[]): Promise<string> => {
      const got = { out: '' };
      const write = (text: string) => void (got.out += text);
      await runCli(['compare', ...paths.map((path, i) => `m${i}=${path}`)], {
        out: { write },
        err: { write },
        env: {},
      });
      return got.out;
    };
    const first = await made({});
    expect(await compare(first, await made({}))).toMatch(/less m0/);
    expect(await compare(first, await made({ judge: { kind: 'code', module: './brief.mjs' } }))).toMatch(
      /judge_score is not by the same judge/,
    );
    const odd = lines([
      ...tasks
        .slice(0, 2)
        .map(({ id, prompt }) => ({ id, prompt: `${prompt} Now.`, answer: 'word', response: 'w' })),
      { ...tasks[2], response: null, error: 'timeout' },
    ]);
    const other = await made({ data: undefined }, { 'stored.jsonl': odd });
    expect(await compare(first, other)).toMatch(/"m0" and "m1" have another prompt under one id: 2 tasks/);
    expect((await compare(other)).match(/1 of 3 answers are missing/g)).toHaveLength(1);
    const { out, err } = await cli(join(other, '../..'));
    expect((out + err).match(/1 of 3 answers are missing/g)).toHaveLength(1);
    writeFileSync(
      join(other, 'records.jsonl'),
      readFileSync(join(other, 'records.jsonl'), 'utf8').split('\n')[0]!,
    );
    expect(await compare(other)).toMatch(/it has 2 answers of "stored", and records.jsonl beside it 1/);
  });

  it('counts no abstention where there is no judge, takes models in their order, and asks no judge then that is the same now', async () => {
    const folder = folderWith({
      'a.jsonl': lines(tasks.map((task) => ({ ...task, response: 'x', scores: { exact: 1 } }))),
      'touchstone.yaml': 'evaluation: { models: { base: { answers: a.jsonl }, 135: { answers: a.jsonl } } }',
    });
    const summary = await summaryOf(folder, '--out', join(folder, 'out'));
    expect(summary).toMatchObject({
      baseline: 'base',
      model_order: ['base', '135'],
      models: { base: { abstained: 0 } },
    });
    const again = folderWith(files);
    await summaryOf(again);
    const models = { long: { run: 'runs/touchstone-eval' } };
    writeFileSync(join(again, 'touchstone.yaml'), stringify({ ...config, evaluation: { models } }));
    expect((await summaryOf(again, '--out', join(again, 'again'))).metrics).toEqual(['judge_score']);
  });

  it('judges the answers of an earlier evaluation again, without asking the models, also in pairs', async () => {
    const folder = folderWith(files);
    await summaryOf(folder);
    const again = {
      judge: { kind: 'code', module: './brief.mjs' },
      heldout_judge: {
        kind: 'preference',
        model: 'code:./provider.mjs#judge',
        structured_output: 'prompt',
        objective: 'Compare.',
        prefer: ['It is longer.'],
      },
      evaluation: {
        models: {
          short: { run: 'runs/touchstone-eval' },
          other: { run: 'runs/touchstone-eval', model: 'long' },
        },
      },
    };
    writeFileSync(join(folder, 'again.yaml'), stringify(again));
    const before = askedIn(folder);
    const summary = await summaryOf(join(folder, 'again.yaml'), '--out', join(folder, 'again'));
    expect(summary.models['other']!.metrics).toMatchObject({
      judge_score: { mean: expect.closeTo(0.6, 9) as number },
      'judge then': { mean: expect.closeTo(0.4, 9) as number },
    });
    // Six pairs, each in both orders.
    expect(askedIn(folder) - before).toBe(12);
    expect(summary.duels).toMatchObject([
      { model: 'other', baseline: 'short', judged: 6, wins: 6, inconsistent: 0, ties: 0 },
    ]);
  });

  it('takes the trainings of a run of several seeds together, and its base as one', async () => {
    const folder = folderWith(files);
    const put = (at: string, models: Record<string, number>, role: object, seed: number): string => {
      const store = openRun(join(folder, 'run', at));
      const { id } = store.identity();
      if ('trainings' in role) store.finishStage('seeds', 0, [[1, 2, 5]]);
      for (const [model, words] of Object.entries(models)) {
        const records = tasks.map(({ id, prompt }, i) => {
          const task = {
            id,
            messages: [{ role: 'user' as const, content: prompt }],
            reference: 'word',
            metadata: {},
          };
          const response = 'word '.repeat(words + (i % 2)).trim();
          const rollout = {
            id: `${model}/${i}`,
            task,
            response,
            finish: 'stop' as const,
            group: `${i}`,
            policy: model,
          };
          return { rollout, reward: null, heldout: null, truth: null, tokens: words };
        });
        store.putRollouts(`evaluate ${model}`, 0, records);
        store.finishStage(`evaluate ${model}`, 1, null);
      }
      store.close();
      writeFileSync(
        join(folder, 'run', at, 'config.yaml'),
        stringify({ role, config: { seed, reward: { checks: [] } } }),
      );
      return id;
    };
    const part_of = put('', { base: 1 }, { trainings: 'several' }, 1);
    for (const seed of [1, 2, 5]) put(`seed-${seed}`, { base: 1, rft: 4 + seed }, { part_of }, seed);
    const models = { base: { run: 'run' }, tuned: { run: 'run' } };
    writeFileSync(join(folder, 'touchstone.yaml'), stringify({ ...config, evaluation: { models } }));
    const summary = await summaryOf(folder);
    expect(summary.models).toMatchObject({
      base: { trainings: 1, answers: 6 },
      tuned: { trainings: 3, answers: 18 },
    });
    expect(summary.models['tuned']!.metrics['judge_score']!.mean).toBeCloseTo((4 + 8 / 3 + 0.5) / 20, 12);
    expect(
      readFileSync(join(folder, 'runs/touchstone-eval/records.jsonl'), 'utf8').trim().split('\n'),
    ).toHaveLength(24);
  });

  it('refuses what does not go together', async () => {
    const broken = (edit: object): Promise<string> =>
      cli(folderWith({ ...files, 'touchstone.yaml': { ...config, ...edit } })).then(
        ({ code, err }) => `${code} ${err}`,
      );
    expect(await broken({ data: undefined })).toMatch(/^2 .*evaluation\.models\.short: set data\.eval/s);
    expect(await broken({ heldout_judge: { kind: 'code', module: './long.mjs' } })).toMatch(
      /^2 .*heldout_judge: expected another judge than judge/s,
    );
    expect(await broken({ evaluation: { models: { a: { answers: 'none.jsonl' } } } })).toMatch(
      /^2 .*evaluation\.models\.a\.answers: there is no such file/s,
    );
    expect(await broken({ evaluation: { models: { a: { anwers: 'stored.jsonl' } } } })).toMatch(
      /^2 .*unknown key "anwers"/s,
    );
    expect(await broken({ evaluation: { models: { a: 'nobody:x' } } })).toMatch(/^2 .*nobody:x/s);
    expect(
      await broken({
        evaluation: { cluster: 'metadata.document', models: { a: { answers: 'stored.jsonl' } } },
      }),
    ).toMatch(/^2 .*no task has metadata\.document/s);
    expect(await broken({ evaluation: {} })).toMatch(/^2 .*expected models to evaluate/s);
    const missing = await cli(folderWith(files), '--answers', 'a=nowhere.jsonl');
    expect(missing).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no such file') as string,
    });
  });
});

describe('before anything is asked', () => {
  const answered = (ids: readonly string[], more: object = {}) =>
    lines(ids.map((id) => ({ id, question: `What is ${id}?`, response: 'It is.', ...more })));

  it('reads no configuration with --answers and no path, and refuses answers that nothing scores', async () => {
    const judge = { model: 'openai-compatible:none', base_url: 'http://127.0.0.1:9/v1' };
    const folder = folderWith({
      'touchstone.yaml': { judge, evaluation: { models: { a: { answers: 'a.jsonl' } } } },
      'a.jsonl': answered(['q1', 'q2'], { score: 0.5 }),
      'scored.jsonl': answered(['q1', 'q2'], { scores: { help: 1 } }),
    });
    const before = process.cwd();
    process.chdir(folder);
    try {
      const scored = await cli('--answers', 'a=scored.jsonl');
      expect(scored).toMatchObject({
        code: 0,
        err: expect.stringMatching(
          /^touchstone\.yaml of this folder is not read.*nothing is asked/s,
        ) as string,
      });
      expect(await cli('--answers', 'a=a.jsonl', '--out', 'b')).toMatchObject({
        code: 2,
        err: expect.stringMatching(/no answer has a score, .*"score" of the rows/) as string,
      });
    } finally {
      process.chdir(before);
    }
  });

  it('checks cluster, slices and common tasks, and then goes on in the same folder', async () => {
    const config = (evaluation: object) => ({
      output: 'out',
      reward: { checks: [{ type: 'length', max: 100, weight: 1 }] },
      evaluation: { models: { a: { answers: 'a.jsonl' }, b: { answers: 'b.jsonl' } }, ...evaluation },
    });
    const folder = folderWith({
      'touchstone.yaml': config({ cluster: 'metadata.documnt', slices: ['metadata.topc'] }),
      'a.jsonl': answered(['q1', 'q2']),
      'b.jsonl': answered(['x1', 'x2']),
    });
    expect((await cli(folder)).err).toMatch(
      /cluster: no task has metadata\.documnt.*slices: no task has metadata\.topc/s,
    );
    writeFileSync(join(folder, 'touchstone.yaml'), stringify(config({})));
    expect((await cli(folder)).err).toMatch(
      /no task in common \("x1" and "q1", for example\).*Nothing was asked/s,
    );
    expect((await cli(folder, '--answers', `a=${join(folder, 'a.jsonl')}`)).err).toMatch(
      /two models are called "a", one by evaluation\.models .*, one by --answers a=/,
    );
    writeFileSync(join(folder, 'b.jsonl'), answered(['q1', 'q2']));
    expect(await cli(folder)).toMatchObject({ code: 0 });
  });
});
