import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { random, type JudgeFinding } from '@touchstone/spec';
import { ruleJudge, startProvider, type ProviderServer } from '@touchstone/testing';
import { afterAll, expect, test } from 'vitest';
import { runCli } from '../program.js';

const root = mkdtempSync(join(tmpdir(), 'touchstone-variants-'));
const servers: ProviderServer[] = [];
afterAll(async () => {
  for (const server of servers) await server.goDown();
  rmSync(root, { recursive: true });
});

const CRITERIA = [
  { name: 'Fresh', question: 'How fresh is it?', scale: 'graded', anchors: { 1: 'old', 5: 'new' } },
  { name: 'Cheap', question: 'Is it cheap?', weight: 3 },
  { name: 'Near', question: 'Is it near?' },
];

/** Two answers to each of 45 tasks. One criterion is labelled, and it is neither the first nor the last one. */
const LABELLED = (() => {
  const draw = random(3, 'labelled');
  return Array.from({ length: 90 }, (_, i) => {
    const task = Math.floor(i / 2);
    const fresh = 1 + draw.integer(5);
    const [cheap, near] = [i % 2 === 0, draw.next() < 0.5];
    const response = `Shop ${100 + i}: fresh ${fresh}, ${cheap ? 'cheap' : 'steep'}, ${near ? 'near' : 'afar'}.`;
    const line = { id: `t${task}`, question: `Where to buy ${task}?`, response, labels: { Cheap: cheap } };
    return JSON.stringify(line);
  }).join('\n');
})();

/** What is right of an answer: it says so itself, "fresh 4, cheap, afar". */
function truthOf(candidate: string): Record<string, number> {
  const fresh = Number(/fresh (\d)/.exec(candidate)?.[1] ?? 1);
  return {
    Fresh: (fresh - 1) / 4,
    Cheap: Number(candidate.includes('cheap')),
    Near: Number(candidate.includes('near')),
  };
}

/** The criteria in the order that they are asked for, with the lowest and the highest number of a graded one. */
function askedFor({ prompt }: { prompt: string }): { name: string; low: number; high: number }[] {
  return [
    ...prompt.matchAll(/\{"criterion":"(\w+)","evidence":"\.\.\.","reason":"\.\.\.","score":([^}]+)\}/g),
  ].map(([, name, scale]) => {
    const numbers = scale!.split('|').map(Number);
    return scale === 'true or false'
      ? { name: name!, low: 0, high: 0 }
      : { name: name!, low: numbers[0]!, high: numbers.at(-1)! };
  });
}

type Grade = (truth: Record<string, number>, asked: ReturnType<typeof askedFor>) => Record<string, number>;

/** A judge by rule: scores of 0 to 1 by criterion, which it gives on the scale that is asked for. */
const judgeBy = (grade: Grade, wobble = 0) =>
  ruleJudge((candidate, asked) => {
    const list = askedFor(asked);
    const scores = grade(truthOf(candidate), list);
    const draw = random(asked.request.seed ?? 0, 'wobble', asked.prompt);
    return Object.fromEntries(
      list.map(({ name, low, high }) => {
        const score = draw.next() < wobble ? 1 - scores[name]! : scores[name]!;
        return [name, high === 0 ? score >= 0.5 : Math.round(low + score * (high - low))];
      }),
    );
  });

const JUDGES = {
  good: judgeBy((truth) => truth),
  wobbles: judgeBy((truth) => truth, 0.02),
  'gives the last what it gave the first': judgeBy((truth, asked) => ({
    ...truth,
    [asked.at(-1)!.name]: truth[asked[0]!.name]!,
  })),
  'fails the last': judgeBy((truth, asked) => ({ ...truth, [asked.at(-1)!.name]: 0 })),
  'knows numbers up to 20': judgeBy((truth, asked) => {
    const { low, high } = asked.find(({ name }) => name === 'Fresh')!;
    return { ...truth, Fresh: Math.min(truth['Fresh']!, (20 - low) / (high - low)) };
  }),
  'answers from 1 to 5': ruleJudge((candidate) => {
    const { Fresh, Cheap, Near } = truthOf(candidate);
    return { Fresh: 1 + 4 * Fresh!, Cheap: Cheap === 1, Near: Near === 1 };
  }),
};

interface Result {
  findings: JudgeFinding[];
  notAsked: { name: string }[];
  usage: { calls: number };
}

/** @param more settings in place of those of the test, and of the judge's. */
async function examine(
  judge: keyof typeof JUDGES,
  { judge: ofJudge = {}, gate = {}, ...more }: { judge?: object; validation?: object; gate?: object } = {},
) {
  const server = await startProvider({ respond: JUDGES[judge] });
  servers.push(server);
  const folder = mkdtempSync(join(root, 'judge-'));
  writeFileSync(join(folder, 'labelled.jsonl'), LABELLED);
  const config = {
    output: 'out',
    data: { labelled: 'labelled.jsonl' },
    validation: { repeats: 2, probes: 0 },
    judge: {
      model: 'openai-compatible:rule',
      base_url: server.url,
      structured_output: 'prompt',
      attempts: 1,
      tries: 1,
      objective: 'Judge the shop.',
      criteria: CRITERIA,
      concurrency: 16,
      // A busy machine makes stragglers, and their second calls count.
      hedge: { share: 0 },
      ...ofJudge,
    },
    gate: { 'label_kappa.Fresh': 'off', 'label_kappa.Near': 'off', ...gate },
    ...more,
  };
  // YAML reads JSON.
  writeFileSync(join(folder, 'touchstone.yaml'), JSON.stringify(config));
  const run = async (...flags: string[]) => {
    const got = { out: '', err: '' };
    const sink = (key: 'out' | 'err') => ({ write: (text: string) => void (got[key] += text) });
    const code = await runCli(['judge', folder, ...flags], { out: sink('out'), err: sink('err'), env: {} });
    return { ...got, code };
  };
  const { out, err } = await run('--json');
  const { findings, notAsked, usage } = (out === '' ? { findings: [] } : JSON.parse(out)) as Result;
  return {
    notAsked,
    usage,
    run,
    err,
    ledger: server.provider.ledger,
    html: out === '' ? '' : readFileSync(join(folder, 'out/judge.html'), 'utf8'),
    of: (name: string): JudgeFinding => findings.find((one) => one.name === name)!,
    /** What the gate asks for and did not get, but for probes, of which none are asked. */
    missed: findings.flatMap(({ name, family, threshold, outcome }) =>
      threshold !== null && outcome !== 'pass' && family !== 'probes' ? [name] : [],
    ),
  };
}

const OWN = ['criteria-reversed', 'reworded', 'other-scale'].map((name) => `variant_flips.${name}`);

test('a good judge passes and pays for what was planned, all of it within its own limit', async () => {
  const good = await examine('good');
  expect(good.missed).toEqual([]);
  expect(good.of('criteria_order')).toMatchObject({ outcome: 'pass', estimate: { mean: 0, n: 40 } });
  for (const name of OWN) expect(good.of(name).estimate).toMatchObject({ mean: 0, n: 40 });
  // One answer of each of 40 tasks in three ways, beside two times 90.
  expect(good.usage.calls).toBe(180 + 120);
  expect(good.ledger.peakInFlight).toBeLessThanOrEqual(16);
  const plan = JSON.parse((await good.run('--plan', '--json')).out) as { calls: number }[];
  expect(plan.map(({ calls }) => calls)).toEqual([90, 90, 40, 40, 40]);
});

test('a judge that wobbles flips by itself, and not for being asked another way', async () => {
  const wobbly = await examine('wobbles');
  expect(wobbly.missed).toEqual([]);
  const own = wobbly.of('flip_rate').estimate!;
  expect(own.mean).toBeGreaterThan(0.02);
  for (const name of OWN) {
    expect(wobbly.of(name).estimate!.low).toBeLessThan(own.mean);
    expect(wobbly.of(name).estimate!.high).toBeGreaterThan(own.mean);
    const excess = wobbly.of(name.replace('flips', 'excess')).estimate!;
    expect([excess.low < 0, excess.high > 0, excess.n]).toEqual([true, true, 40]);
  }
});

test.each(['gives the last what it gave the first', 'fails the last'] as const)(
  'a judge that is right about all that is labelled, but %s, is stopped by that alone, and shown at it',
  async (judge) => {
    const found = await examine(judge);
    expect(found.missed).toEqual(['criteria_order']);
    expect(found.of('criteria_order')).toMatchObject({
      outcome: 'fail',
      note: expect.stringMatching(/most of all (Fresh|Near)/),
    });
    expect(found.html).toContain('Does it say the same when it is asked another way?');
    expect(found.html).toMatch(/criteria-reversed: of (Fresh|Near) it says/);
    // It has failed: nothing more is paid for.
    expect(found.notAsked.map(({ name }) => name)).toEqual([
      'asked another way: reworded',
      'asked another way: other-scale',
    ]);
    expect((await found.run()).code).toBe(3);
  },
);

test('a judge that goes by the range of the numbers is seen, and so is one that only knows one range', async () => {
  const capped = await examine('knows numbers up to 20');
  expect(capped.missed).toEqual([]);
  const [order, words, scale] = OWN.map((name) => capped.of(name).estimate!);
  expect([order!.mean, words!.mean]).toEqual([0, 0]);
  expect(scale!.low).toBeGreaterThan(0.1);
  expect(capped.of('variant_excess.other-scale').estimate!.low).toBeGreaterThan(0);

  const stuck = await examine('answers from 1 to 5');
  expect(stuck.of('variant_flips.other-scale')).toMatchObject({
    estimate: null,
    note: expect.stringContaining('no verdict on 40 of 40'),
  });
});

test('none is asked where none is wanted, which is no pass, and where the prompt is the user’s own there is none', async () => {
  const none = await examine('good', { validation: { repeats: 2, probes: 0, variants: 0 } });
  expect(none.usage.calls).toBe(180);
  expect(none.missed).toEqual(['criteria_order']);
  expect(none.of('criteria_order').outcome).toBe('insufficient-data');
  const prompt = 'Fresh, Cheap, Near? <candidate>\n{{response}}\n</candidate> The reply id is {{marker}}';
  const own = await examine('answers from 1 to 5', { judge: { prompt } });
  expect(own.of('criteria_order')).toMatchObject({
    threshold: null,
    note: expect.stringContaining('no prompt of the judge lists'),
  });
  const gated = await examine('good', {
    validation: { variants: 0 },
    gate: { criteria_order: { max: 0.3 } },
  });
  expect(gated.err).toContain('set validation.variants');
});
