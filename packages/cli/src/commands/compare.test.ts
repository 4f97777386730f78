import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeAnswers } from '@touchstone/run';
import { evaluationSummarySchema, random, type EvaluationRow, type Task } from '@touchstone/spec';
import { openRun, writeEvaluation } from '@touchstone/store';
import { afterAll, expect, it } from 'vitest';
import { runCli } from '../program.js';

const folder = mkdtempSync(join(tmpdir(), 'compare-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

async function compared(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const to = (stream: 'out' | 'err') => ({ write: (text: string) => void (said[stream] += text) });
  const code = await runCli(['compare', ...args], { out: to('out'), err: to('err'), env: {} });
  return { code, ...said };
}
const write = (name: string, rows: readonly unknown[]): string => {
  writeFileSync(at(name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return at(name);
};
const clamp = (x: number): number => Math.min(1, Math.max(0, x));
const rows = (model: string, level: number, rest: Partial<EvaluationRow> = {}): EvaluationRow[] =>
  Array.from({ length: 40 }, (_, task) => ({
    model,
    task: `q${task}`,
    judge: clamp(level + 0.15 * random(1, 'task', task).normal() + 0.1 * random(1, model, task).normal()),
    ...rest,
  }));

it('compares figures from elsewhere in one command, and writes the page', async () => {
  const file = write('made.jsonl', [...rows('old', 0.4), ...rows('new', 0.6), ...rows('same', 0.4)]);
  const page = at('page.html');
  const { code, out, err } = await compared(file, '--report', page);
  expect({ code, err }).toEqual({ code: 0, err: `Wrote ${page}.\n` });
  expect(out).toMatch(
    /\nless old +judge score\n-+ .*\nnew +\+0\.\d{3} \[.*\] higher\nsame +[+-]?0\.0\d\d \[/,
  );
  expect(out).toMatch(/against old on 40 tasks: better: new \(.*\); not told apart: same/);
  expect(readFileSync(page, 'utf8')).toMatch(/^<!doctype html>/);

  const json = await compared(file, '--json', '--baseline', 'new', '--order', 'old, same, new');
  const summary = evaluationSummarySchema.parse(JSON.parse(json.out));
  expect(summary).toMatchObject({
    baseline: 'new',
    order: ['old', 'same', 'new'],
    main_metric: 'judge_score',
  });
  expect(summary.curves[0]).toMatchObject({ best: 'new' });
});

it('reads an evaluation’s folder with its duels and trainings, and report writes its page again', async () => {
  const evaluation = at('evaluation');
  mkdirSync(evaluation);
  const record = (judge: number) => (row: EvaluationRow) => ({
    taskId: row.task,
    sample: 0,
    judge,
    heldout: null,
    valid: true,
    truth: null,
    tokens: 10,
    components: {},
  });
  await writeAnswers(evaluation, {
    models: [
      { name: 'a', trainings: [rows('a', 0.5).map(record(0.5))] },
      { name: 'b', trainings: [rows('b', 0.5).map(record(0.75))] },
      { name: 'rft', trainings: [0.7, 0.8, 0.9].map((judge) => rows('rft', 0).map(record(judge))) },
    ],
    duels: [{ taskId: 'q1', sample: 0, a: 'b', b: 'a', outcome: 1, consistent: true }],
  });
  const { code, out } = await compared(evaluation, `x=${write('more.jsonl', rows('c', 0.5))}`, '--json');
  expect(code).toBe(0);
  const summary = evaluationSummarySchema.parse(JSON.parse(out));
  expect(summary.model_order).toEqual(['a', 'b', 'rft', 'x']);
  expect(summary.models['rft']).toMatchObject({ trainings: 3, metrics: { judge_score: { n: 3 } } });
  expect(summary.duels).toMatchObject([{ model: 'b', baseline: 'a', wins: 1, win_rate: null }]);

  await writeEvaluation(evaluation, summary);
  const again = await runCli(['report', evaluation], {
    out: { write: () => {} },
    err: { write: () => {} },
    env: {},
  });
  expect(again).toBe(0);
  expect(readFileSync(join(evaluation, 'report.html'), 'utf8')).toContain('Touchstone comparison');
});

it('reads the models of a run, and of several trainings of one', async () => {
  const all = at('run');
  const put = (where: string, models: Record<string, number>, role: object, seed: number): string => {
    const store = openRun(where);
    const { id } = store.identity();
    if ('trainings' in role) store.finishStage('seeds', 0, [[1, 10]]);
    const tasks = Array.from({ length: 6 }, (_, i): Task => ({
      id: `t${i}`,
      messages: [{ role: 'user', content: 'Say.' }],
      reference: null,
      metadata: {},
    }));
    for (const [model, score] of Object.entries(models)) {
      store.putRollouts(
        `evaluate ${model}`,
        0,
        tasks.map((task, i) => ({
          rollout: {
            id: `${model}${i}`,
            task,
            response: '{}',
            finish: 'stop',
            group: task.id,
            policy: model,
          },
          reward: {
            status: 'scored',
            score,
            components: [
              { name: 'judge', kind: 'judge', score: score + i / 100, weight: 1, contribution: score },
            ],
            verdicts: [],
            usage: { calls: 0, inputTokens: 0, outputTokens: 0, money: 0, saved: 0 },
          } as never,
          heldout: null,
          truth: null,
          tokens: 2,
        })),
      );
      store.finishStage(`evaluate ${model}`, 1, null);
    }
    store.close();
    writeFileSync(
      join(where, 'config.yaml'),
      JSON.stringify({ role, config: { seed, reward: { checks: [] } } }),
    );
    return id;
  };
  const part = { part_of: put(all, { base: 0.2 }, { trainings: 'several' }, 1) };
  put(join(all, 'seed-1'), { base: 0.2, rft: 0.5 }, part, 1);
  put(join(all, 'seed-10'), { base: 0.2, rft: 0.7 }, part, 10);
  const { code, out, err } = await compared(all, '--json');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const summary = evaluationSummarySchema.parse(JSON.parse(out));
  expect(summary.models['base']).toMatchObject({ trainings: 1, tasks: 6 });
  expect(summary.models['rft']).toMatchObject({ trainings: 2, answers: 12, length: { mean: 2 } });
  const one = await compared(`s1=${join(all, 'seed-1')}`, '--json');
  expect(evaluationSummarySchema.parse(JSON.parse(one.out)).model_order).toEqual(['s1/base', 's1/rft']);
  rmSync(join(all, 'seed-10'), { recursive: true });
  const left = await compared(all);
  expect(left).toMatchObject({ code: 2, out: '' });
  expect(left.err).toContain('seed-10: expected the training with seed 10');
});

it('keeps the order of the file and the names of the user, whatever these are', async () => {
  const file = write('names.jsonl', [...rows('base', 0.3), ...rows('135', 0.6), ...rows('7', 0.6)]);
  const { out } = await compared(file);
  expect(out).toMatch(/against base on 40 tasks: better: 135 .*, 7 /);
  const { out: json } = await compared(file, '--json');
  expect(JSON.parse(json)).toMatchObject({ baseline: 'base', model_order: ['base', '135', '7'] });
});

it('says pass^k and slices, and once each that a file says nothing of its judge', async () => {
  const answers = (model: string, slice: string) =>
    [0, 1, 2].flatMap((sample) =>
      rows(model, 0, { sample, slices: { kind: slice } }).map((row, i) => ({
        ...row,
        judge: Number((i + sample) % 3 > 0),
      })),
    );
  const [a, b] = [write('k.jsonl', answers('a', 'x')), write('l.jsonl', answers('b', 'x'))];
  const { code, out } = await compared(a, b);
  expect(code).toBe(0);
  expect(out).toMatch(/passes by judge score, from 1 +all of 1 +all of 2 +all of 3/);
  expect(out).toMatch(/kind is x +0\.667/);
  expect(out.match(/k\.jsonl does not say who gave judge_score and what was asked/g)).toHaveLength(1);
});

const NOT_OF_STORE = /config\.yaml: it is not the one that belongs to run\.db/;
function runWith(claim: object): string {
  const where = mkdtempSync(join(folder, 'claimed-'));
  const store = openRun(where);
  store.claim('f');
  store.close();
  writeFileSync(join(where, 'config.yaml'), JSON.stringify({ ...claim, config: { reward: {} } }));
  return where;
}

it('refuses an evaluation with other answers or duels than its summary was made of', async () => {
  const [own, other] = [at('own-evaluation'), at('other-evaluation')];
  for (const [where, judge] of [
    [own, 0.5],
    [other, 0.6],
  ] as const) {
    mkdirSync(where);
    const records = write('one.jsonl', rows('m', judge));
    const summary = JSON.parse((await compared(records, '--json')).out);
    writeFileSync(join(where, 'records.jsonl'), readFileSync(records));
    const files = { 'records.jsonl': createHash('sha256').update(readFileSync(records)).digest('hex') };
    writeFileSync(join(where, 'evaluation.json'), JSON.stringify({ ...summary, files }));
  }
  expect(await compared(own)).toMatchObject({ code: 0 });
  const answers = readFileSync(join(own, 'records.jsonl'));
  writeFileSync(join(own, 'records.jsonl'), readFileSync(join(other, 'records.jsonl')));
  const swapped = await compared(own);
  expect(swapped).toMatchObject({ code: 2, out: '' });
  expect(swapped.err).toMatch(/records\.jsonl: it is not what evaluation\.json beside it was made of/);
  writeFileSync(join(own, 'records.jsonl'), answers);
  const duel = { task: 'q1', a: 'm', b: 'm', outcome: 1, consistent: true };
  writeFileSync(join(own, 'duels.jsonl'), `${JSON.stringify(duel)}\n`);
  expect((await compared(own)).err).toMatch(/duels\.jsonl: it is not what/);
});

it.each<[string, () => string[], RegExp]>([
  [
    'a line without a task',
    () => [write('a.jsonl', [...rows('m', 0.5), { model: 'm' }])],
    /a\.jsonl:41: task/,
  ],
  ['a score of 1 to 5', () => [write('b.jsonl', rows('m', 0.5, { judge: 4 }))], /b\.jsonl:1: judge/],
  ['an unknown field', () => [write('c.jsonl', [{ model: 'm', task: 't', score: 1 }])], /score/],
  [
    'an answer that is there twice',
    () => [write('d.jsonl', [...rows('m', 0.5), ...rows('m', 0.6)])],
    /task "q0", sample 0: this answer is there twice/,
  ],
  [
    'two models of one name',
    () => [write('e.jsonl', rows('m', 0.5)), write('f.jsonl', rows('m', 0.6))],
    /two models are called "m": rename/,
  ],
  [
    'a training here and none there',
    () => [
      write('i.jsonl', [
        { model: 'm', task: 't' },
        { model: 'm', task: 't', training: 1 },
      ]),
    ],
    /expected it of all or of none/,
  ],
  [
    'trainings of other seeds',
    () => [
      write('j.jsonl', [
        ...[0, 1].map((training) => ({ model: 'a', task: 't', training })),
        ...[1, 2].map((training) => ({ model: 'b', task: 't', training })),
      ]),
    ],
    /"a" has 0, 1, and "b" has 1, 2; expected the same ones/,
  ],
  [
    'an evaluation that has not ended',
    () => {
      const unfinished = at('unfinished');
      openRun(unfinished).close();
      writeFileSync(join(unfinished, 'config.yaml'), 'config: { reward: {} }\nrole: { evaluation: true }\n');
      return [unfinished];
    },
    /this evaluation has not ended/,
  ],
  ['a run with the config.yaml of another', () => [runWith({ fingerprint: 'f', run: 'x' })], NOT_OF_STORE],
  ['a run of another fingerprint', () => [runWith({ fingerprint: 'g' })], NOT_OF_STORE],
  ['a run whose models were cut out', () => [runWith({ fingerprint: 'f' })], NOT_OF_STORE],
  [
    'scores by another judge',
    () => [
      write('m.jsonl', rows('a', 0.5, { by: { judge_score: 'abc' } })),
      write('n.jsonl', rows('b', 0.6, { by: { judge_score: 'def' } })),
    ],
    /judge_score is not by the same judge.*of "a" by abc, of "b" by def.*touchstone eval/,
  ],
  [
    'scores from another scale',
    () => [
      write('v.jsonl', rows('a', 0.5, { scores: { q: 0.5 }, by: { 'scale of q': '1 to 5' } })),
      write('w.jsonl', rows('b', 0.5, { scores: { q: 0.4 }, by: { 'scale of q': '0 to 10' } })),
    ],
    /q was brought to 0–1 from other scales \(of "a" from 1 to 5, of "b" from 0 to 10\)/,
  ],
  [
    'another prompt under one id',
    () => [
      write('o.jsonl', rows('a', 0.5, { asked: { prompt: 'abc', reference: 'x' } })),
      write('p.jsonl', rows('b', 0.6, { asked: { prompt: 'def' } })),
    ],
    /"a" and "b" have another prompt under one id: 40 tasks, such as "q0"/,
  ],
  [
    'ids in two forms of Unicode',
    () => [
      write('q.jsonl', [
        { model: 'a', task: 'caf\u00e9', judge: 1 },
        { model: 'b', task: 'cafe\u0301', judge: 1 },
      ]),
    ],
    /differ only in how their letters are written/,
  ],
  [
    'one file twice',
    () => [`x=${write('r.jsonl', rows('m', 0.5))}`, `y=${at('r.jsonl')}`],
    /are one file or folder: expected each once/,
  ],
  [
    'answers without scores, once',
    () => [
      write(
        's.jsonl',
        [1, 2].map((n) => ({ prompt: `${n}?`, response: 'x' })),
      ),
    ],
    /^[^\n]*s\.jsonl:1: 2 lines are answers without scores .*touchstone eval --answers NAME=FILE"\n$/,
  ],
  [
    'a model that is called __proto__',
    () => [write('t.jsonl', rows('__proto__', 0.5))],
    /expected another name than "__proto__" \(39 more like this\)/,
  ],
  [
    'a key that is there twice',
    () => {
      writeFileSync(at('u.jsonl'), '{"model":"m","task":"t","judge":0,"judge":1}\n');
      return [at('u.jsonl')];
    },
    /u\.jsonl:1: the key "judge" is there twice/,
  ],
  ['a folder of something else', () => [folder], /expected the folder of an evaluation/],
  ['nothing', () => [at('nowhere')], /no such file or folder/],
  [
    'an unknown baseline',
    () => [write('g.jsonl', rows('m', 0.5)), '--baseline', 'constructor'],
    /no model "constructor"/,
  ],
  ['a pass score of 80', () => [write('h.jsonl', rows('m', 0.5)), '--pass-score', '80'], /up to 1, got "80"/],
])('refuses %s', async (_, args, message) => {
  const { code, out, err } = await compared(...args());
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(message);
});

it('says of how many tasks a mean is, and goes by the metric that is named', async () => {
  const file = write(
    'some.jsonl',
    ['A', 'B'].flatMap((model) =>
      Array.from({ length: 40 }, (_, i) => ({
        model,
        task: `q${i}`,
        scores: { help: model === 'B' && i > 3 ? null : Number(i !== 7), exact: 1 },
      })),
    ),
  );
  const { out } = await compared(file, '--metric', 'exact');
  expect(out).toMatch(/^\nThe verdict is by exact;/);
  expect(out).toMatch(/\nB +1\.000 \[.*?\] of 4 /);
  expect(out).toContain('B: 36 of 40 answers have no score of help: its mean is of the 4 tasks');
  expect(out).toContain('By exact, against A on 40 tasks');
  expect(await compared(file, '--metric', 'nice')).toMatchObject({
    code: 2,
    err: expect.stringContaining('expected one of help, exact') as string,
  });
});
