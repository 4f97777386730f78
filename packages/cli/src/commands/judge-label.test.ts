import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { readLabelled } from '@touchstone/core';
import type { LabelsSummary } from '@touchstone/run';
import type { Reward, Verdict } from '@touchstone/spec';
import { openRun } from '@touchstone/store';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { runCli } from '../program.js';

const root = mkdtempSync(join(tmpdir(), 'touchstone-label-'));
afterAll(() => rmSync(root, { recursive: true }));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(root, 'case-'));
});

/** The command line with these lines typed. */
async function cli(typed: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const got = { out: '', err: '' };
  const sink = (key: 'out' | 'err') => ({ write: (text: string) => void (got[key] += text) });
  const io = { out: sink('out'), err: sink('err'), env: {}, in: Readable.from([typed]) };
  return { code: await runCli(['judge', 'label', folder, ...args], io), ...got };
}
const linesOf = (name: string): string[] => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n');

const CRITERIA = [
  { name: 'Quoted', question: 'Does it quote?' },
  { name: 'Clear', question: 'Is it clear?', scale: 'graded', anchors: { 1: 'no', 3: 'so so', 5: 'yes' } },
];
const JUDGE = `export default (rollouts) => rollouts.map(({ response }) => ({ verdicts: [
  { criterion: 'Quoted', score: response.includes('§') },
  { criterion: 'Clear', score: 1 + (response.length % 5) },
] }));\n`;

/** A configuration whose judge is a rule, and a run in `out` with three answers to each of some tasks. */
function writeCase(tasks: number): void {
  writeFileSync(join(folder, 'judge.mjs'), JUDGE);
  const judge = { kind: 'code', module: './judge.mjs', criteria: CRITERIA };
  writeFileSync(
    join(folder, 'touchstone.yaml'),
    stringify({ output: 'out', judge, gate: 'off', validation: { repeats: 1, probes: 0, variants: 0 } }),
  );
  const store = openRun(join(folder, 'out'));
  const said = (quoted: number, clear: number): Reward => {
    const criteria = [
      { criterion: 'Quoted', evidence: '', reason: 'THE JUDGE SAYS', value: quoted, score: quoted },
      { criterion: 'Clear', evidence: '', reason: '', value: clear, score: (clear - 1) / 4 },
    ];
    const score = (quoted + (clear - 1) / 4) / 2;
    const verdict: Verdict = {
      status: 'scored',
      judge: 'j',
      key: 'k',
      raw: 'RAW',
      score,
      criteria,
      mismatch: false,
    };
    const components = [{ name: 'judge', kind: 'judge', score, weight: 1 } as const];
    const usage = { calls: 1, saved: 0, inputTokens: 1, outputTokens: 1, money: 0 };
    return { status: 'scored', score, components, verdicts: [verdict], usage };
  };
  const records = Array.from({ length: tasks }, (_, t) =>
    ['plain', `§${t} quoted`, `odd \x1b[2J\x1b]0;owned\x07 ${t}`].map((response, s) => {
      const messages = [{ role: 'user' as const, content: `Review clause ${t}.` }];
      const task = { id: `t${t}`, messages, reference: null, metadata: {}, truth: 'SECRET TRUTH' };
      const rollout = {
        id: `${t}-${s}`,
        task,
        response,
        finish: 'stop' as const,
        group: `t${t}`,
        policy: 'model-x',
      };
      return { rollout, reward: said(Number(s === 1), 1 + (t % 5)), heldout: null, truth: null, tokens: 3 };
    }),
  ).flat();
  store.putRollouts('evaluate rft', 0, records);
  store.finishStage('evaluate rft', 1, null);
  store.close();
}

describe('by lines', () => {
  it('two people label the same answers blind, go on where they stopped, and the file is what the judge is examined on', async () => {
    writeCase(20);
    const first = await cli('y\n4\nn\nzzz\n2\nu\nq\n', '--rater', 'anna', '--count', '20');
    expect(first.code).toBe(0);
    expect(first.err).toContain('Sample: 20 of 60 answers, to 10 of 20 tasks.');
    expect(first.err).toMatch(/Clear goes from 1 to 5/);
    expect(first.err).toContain('Taken back: Clear.');
    expect(first.out).toContain('anna has labelled 1 of 20 answers.');
    expect(first.out).toContain('is shown from 20 labelled answers on');
    expect(first.out).not.toMatch(/anna and the judge/);

    const all = 'y\n5\nn\n1\n'.repeat(10);
    // Half of the second answer was labelled before.
    const second = await cli(`2\n${all}`, '--rater', 'anna');
    expect(second.err).toContain('anna: 1 of 20 answers labelled');
    expect(second.out).toMatch(/anna has labelled 20 of 20 answers/);
    const ben = await cli(all, '--rater', 'ben', '--json');
    const summary = JSON.parse(ben.out) as LabelsSummary;
    expect(summary).toMatchObject({ answers: 20, labelled: 20 });
    expect(summary.people).toMatchObject([{ between: ['anna', 'ben'], answers: 20 }]);
    expect(summary.judge.map(({ answers, kappa }) => [answers, kappa?.n])).toEqual([
      [20, 10],
      [20, 10],
    ]);
    const shown = [first, second, ben].map(({ err }) => err).join('');
    for (const hidden of ['THE JUDGE SAYS', 'RAW', 'model-x', 'SECRET', '\x1b', 'ben and', 'anna 5']) {
      expect(shown).not.toContain(hidden);
    }

    const lines = await readLabelled(join(folder, 'labels/labels.jsonl'));
    expect(lines).toHaveLength(20);
    expect(Object.keys(lines[0]!.raters!)).toEqual(['anna', 'ben']);
    // Every answer of the run's 20 tasks is stood for.
    expect(lines.reduce((sum, { drawn }) => sum + drawn!.weight, 0)).toBeCloseTo(60, 3);
    expect(JSON.stringify(lines)).not.toContain('SECRET');
    const config = readFileSync(join(folder, 'touchstone.yaml'), 'utf8');
    writeFileSync(join(folder, 'touchstone.yaml'), `${config}data: { labelled: labels/labels.jsonl }\n`);
    const got = { out: '', err: '' };
    const io = {
      out: { write: (text: string) => void (got.out += text) },
      err: { write: (text: string) => void (got.err += text) },
      env: {},
    };
    await runCli(['judge', folder, '--json', '--out', join(folder, 'examined')], io);
    const examined = JSON.parse(got.out) as {
      findings: { name: string; note: string; estimate: { n: number } | null }[];
    };
    const finding = (name: string) => examined.findings.find((one) => one.name === name)!;
    expect(finding('label_kappa').estimate!.n).toBe(10);
    expect(finding('human_kappa').estimate!.n).toBe(5);
    expect(finding('human_kappa').note).toContain('drawn at random');
  });

  it('says how far people agree without labelling; an odd line of a journal costs that line', async () => {
    writeCase(6);
    expect(await cli('', '--agreement')).toMatchObject({
      code: 2,
      err: expect.stringContaining('expected a folder with labels, found none'),
    });
    await cli('y\n4\n'.repeat(12), '--rater', 'anna');
    const journal = join(folder, 'labels/raters/anna.jsonl');
    const lines = linesOf('labels/raters/anna.jsonl').length;
    appendFileSync(
      journal,
      '{"time":"","answer":"__proto__","item":0,"criterion":"Clear","value":5}\n{"answer":1}\n{"ti',
    );
    const { out, code } = await cli('', '--agreement');
    expect(code).toBe(0);
    expect(out).toContain('anna has labelled 12 of 12 answers.');
    expect(out).toContain('anna and the judge');
    for (const line of [lines + 2, lines + 3])
      expect(out).toContain(`anna.jsonl:${line}: the line is no label`);
    const again = await cli('', '--rater', 'anna');
    expect(again.err).toContain('anna has labelled all 12 answers');
    expect(await cli('', '--rater', 'Anna')).toMatchObject({
      code: 2,
      err: expect.stringContaining('"anna" has labels here'),
    });
    expect((await cli('', '--rater', '../x')).code).toBe(2);
  });

  it('a label of another scale, of an edited text or with a flipped digit is refused by its line', async () => {
    writeCase(6);
    await cli('y\n4\n'.repeat(12), '--rater', 'anna');
    const journal = join(folder, 'labels/raters/anna.jsonl');
    const whole = readFileSync(journal, 'utf8');
    const refused = async (text: string, why: RegExp): Promise<void> => {
      writeFileSync(journal, text);
      const { code, err } = await cli('', '--agreement');
      expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(why) });
    };
    for (const value of ['77', '4.5', 'true', '0'])
      await refused(
        whole.replace('"value":4', `"value":${value}`),
        /anna\.jsonl:2: "Clear": expected a whole number from 1 to 5, .*got/,
      );
    await refused(
      whole.replace('"value":true', '"value":1'),
      /anna\.jsonl:1: "Quoted": expected false or true/,
    );
    await refused(whole.replace('"value":4', '"value":5'), /anna\.jsonl:2: .*not the one that was given/);
    writeFileSync(journal, whole);
    const sample = join(folder, 'labels/sample.json');
    const drawn = readFileSync(sample, 'utf8');
    writeFileSync(sample, drawn.replaceAll('plain', 'edited'));
    await refused(whole, /anna\.jsonl:\d+: .*has changed since this label was given/);
    writeFileSync(sample, drawn);
    const config = join(folder, 'touchstone.yaml');
    const asked = readFileSync(config, 'utf8');
    writeFileSync(config, asked.replace('Is it clear?', 'Is it unclear?'));
    await refused(whole, /anna\.jsonl:2: .*has changed since/);
    writeFileSync(config, asked);
    expect((await cli('', '--agreement')).code).toBe(0);
    // Before there was a hash: counted, and said.
    writeFileSync(journal, whole.replaceAll(/,"asked":"\w+"/g, ''));
    const old = await cli('', '--agreement');
    expect(old.out).toContain('anna has labelled 12 of 12 answers.');
    expect(old.out).toContain('24 labels do not say what was asked');
    // Of another folder.
    writeFileSync(journal, whole.replaceAll('"answer":"', '"answer":"other '));
    expect((await cli('', '--agreement')).out).toContain(
      '24 labels are of answers or criteria that are not in',
    );
  });

  it('of two lines of one label the later time counts, wherever it stands; a byte order mark costs no label', async () => {
    writeCase(6);
    await cli('y\n4\n'.repeat(12), '--rater', 'anna');
    const journal = join(folder, 'labels/raters/anna.jsonl');
    const own = linesOf('labels/raters/anna.jsonl');
    const { asked: _, ...entry } = JSON.parse(own[1]!) as { asked: string };
    const twin = (time: string): string => JSON.stringify({ ...entry, value: 1, time });
    const ones = async (...lines: string[]): Promise<number> => {
      writeFileSync(journal, `\ufeff${lines.join('\n')}\n`);
      const { code, out } = await cli('', '--agreement');
      expect({ code, out }).toEqual({
        code: 0,
        out: expect.stringContaining('anna has labelled 12 of 12 answers.'),
      });
      expect(out).not.toContain('the line is no label');
      return linesOf('labels/labels.jsonl').filter((line) => line.includes('"Clear":1')).length;
    };
    expect(await ones(...own, twin('2001-01-01T00:00:00.000Z'))).toBe(0);
    expect(await ones(twin('2999-01-01T00:00:00.000Z'), ...own)).toBe(1);
    expect(await ones(...own, twin('2999-01-01T00:00:00.000Z'))).toBe(1);
    expect(await ones(...own, twin(''))).toBe(1);
  });

  it('a label says nothing of an answer beside which something else is shown', async () => {
    const write = (path: string): void =>
      writeFileSync(
        join(folder, 'touchstone.yaml'),
        stringify({
          judge: {
            model: 'openai-compatible:m',
            base_url: 'http://127.0.0.1:9/v1',
            objective: 'o',
            inputs: { document: path },
            criteria: CRITERIA,
          },
        }),
      );
    writeFileSync(
      join(folder, 'answers.jsonl'),
      ['a', 'b']
        .map((id) => ({
          id,
          question: `Q ${id}`,
          response: 'yes',
          metadata: { short: 'A', full: `B ${id}` },
        }))
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(''),
    );
    write('metadata.short');
    await cli('y\n4\ny\n4\n', '--rater', 'anna', '--answers', join(folder, 'answers.jsonl'));
    expect(await cli('', '--agreement')).toMatchObject({
      code: 0,
      out: expect.stringContaining('anna has labelled 2 of 2 answers.'),
    });
    write('metadata.full');
    expect(await cli('', '--agreement')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/anna\.jsonl:1: .*what is shown of it .*has changed since/),
    });
  });

  it('two files of one name are refused, a name in other bytes is one person, and a copied file is nobody', async () => {
    writeCase(6);
    await cli('y\n4\n'.repeat(12), '--rater', 'René');
    const raters = join(folder, 'labels/raters');
    const [composed, decomposed] = ['René.jsonl', 'René.jsonl'.normalize('NFD')];
    renameSync(join(raters, composed), join(raters, decomposed));
    expect((await cli('', '--agreement')).out).toContain('René has labelled 12 of 12 answers.');
    expect((await cli('', '--rater', 'René')).err).toContain('René has labelled all 12 answers');
    for (const twin of [composed, 'rené.jsonl']) {
      writeFileSync(join(raters, twin), '');
      expect(await cli('', '--agreement')).toMatchObject({
        code: 2,
        err: expect.stringContaining('a journal a person'),
      });
      rmSync(join(raters, twin));
    }
    writeFileSync(join(raters, 'ben.jsonl'), readFileSync(join(raters, decomposed)));
    expect(await cli('', '--agreement')).toMatchObject({
      code: 2,
      err: expect.stringContaining('a file was copied under another name'),
    });
  });

  it('skips, leaves open what cannot be said, and goes back', async () => {
    writeCase(2);
    const { out, err } = await cli('s\n-\n-\ny\n1\nb\nb\n\ny\n-\ns\ns\n', '--rater', 'anna');
    expect(err).toContain('Skipped: it comes again at the end.');
    expect(err).toContain('These were skipped.');
    expect(out).toMatch(/anna has labelled \d of 4 answers/);
    const lines = linesOf('labels/labels.jsonl').map((line) => JSON.parse(line) as { raters: object });
    // An answer of which nothing can be said has no line.
    expect(lines.map(({ raters }) => raters)).toContainEqual({ anna: [{ Quoted: true, Clear: 1 }] });
    expect(JSON.stringify(lines)).not.toContain('unsure');
  });

  it('labels the items of answers that are lists, of a file', async () => {
    const judge = {
      model: 'openai-compatible:m',
      base_url: 'http://127.0.0.1:9/v1',
      objective: 'o',
      unit: 'item',
      criteria: CRITERIA,
    };
    writeFileSync(join(folder, 'touchstone.yaml'), stringify({ judge }));
    const line = (id: string, response: string): string =>
      `${JSON.stringify({ id, question: `Q ${id}`, response, model: 'openai:gpt', metadata: { constructor: 1 } })}\n`;
    const items = JSON.stringify([{ quote: 'one', comment: 'two' }, 'three']);
    writeFileSync(
      join(folder, 'answers.jsonl'),
      line('a', items) + line('a', 'no list') + line('b', ' \u200b') + line('c', '["x"]'),
    );
    const { err } = await cli(
      'y\n4\nn\n2\ny\n5\n',
      '--rater',
      'anna',
      '--answers',
      join(folder, 'answers.jsonl'),
    );
    expect(err).toContain('left out: 1 blank, 1 without an item');
    expect(err).toContain('all were drawn at random');
    expect(err).toContain('quote: one\ncomment: two');
    const read = await readLabelled(join(folder, 'labels/labels.jsonl'));
    expect(
      read
        .map(({ raters, model }) => [raters!['anna']!.length, model])
        .map(String)
        .toSorted(),
    ).toEqual(['1,openai:gpt', '2,openai:gpt']);
    expect(await cli('', '--rater', 'anna', '--answers', join(folder, 'none.jsonl'))).toMatchObject({
      code: 2,
    });
    mkdirSync(join(folder, 'empty'));
    expect((await cli('', '--rater', 'anna', '--answers', join(folder, 'empty'))).err).toContain(
      'with its run.db, or a file',
    );
  });
});

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const hasScript = spawnSync('script', ['-qec', 'true', '/dev/null'], { stdio: 'ignore' }).status === 0;

/** The built command line on a terminal of its own, as `script` of util-linux makes one. */
function onTerminal(rater: string) {
  const pid = join(folder, `${rater}.pid`);
  const command = `stty rows 24 cols 80; node ${MAIN} judge label ${folder} --rater ${rater} --count 8 & echo $! > ${pid}; fg > /dev/null 2>&1 || wait; stty -a`;
  const child = spawn('script', ['-qec', `bash -mc '${command}'`, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm' },
  });
  let screen = '';
  child.stdout.on('data', (data: Buffer) => (screen += data.toString()));
  const ended = new Promise((resolve) => child.on('close', resolve));
  return {
    pid: () => Number(readFileSync(pid, 'utf8')),
    type: (keys: string) => void child.stdin.write(keys),
    /** What is on the screen from its last drawing on. */
    seen: () => screen,
    async until(text: string) {
      const from = screen.length;
      for (let i = 0; i < 200; i++) {
        if (stripVTControlCharacters(screen).includes(text)) return;
        await sleep(50);
      }
      throw new Error(`expected "${text}" on the screen, got ${JSON.stringify(screen.slice(from - 500))}`);
    },
    ended,
  };
}

describe.skipIf(!hasScript)('by keys on a terminal (needs script of util-linux)', () => {
  it('a kill loses nothing that was given, and the terminal is given back at the end', async () => {
    writeCase(8);
    const first = onTerminal('anna');
    await first.until('anna: 0 of 8 answers labelled');
    await sleep(250);
    first.type('y');
    await first.until('You said: Quoted yes');
    first.type('4');
    await first.until('anna: 1 of 8 answers labelled');
    await sleep(250);
    first.type('n');
    await first.until('You said: Quoted no');
    process.kill(first.pid(), 'SIGKILL');
    await first.ended;
    expect(linesOf('labels/raters/anna.jsonl')).toHaveLength(3);

    const second = onTerminal('anna');
    await second.until('anna: 1 of 8 answers labelled');
    await second.until('You said: Quoted no');
    await sleep(250);
    second.type('2');
    await second.until('anna: 2 of 8 answers labelled');
    second.type('q');
    await second.ended;
    const shown = second.seen();
    expect(shown).not.toContain('\x1b]0;owned');
    expect(shown.indexOf('\x1b[?1049h')).toBeLessThan(shown.indexOf('\x1b[?1049l'));
    expect(shown).toMatch(/anna has labelled 2 of 8 answers/);
    expect(shown.slice(shown.lastIndexOf('\x1b[?1049l'))).toMatch(/ icanon .* echo /s);
  });
});
