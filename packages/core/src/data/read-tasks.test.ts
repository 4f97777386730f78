import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '@touchstone/spec';
import { afterAll, describe, expect, it } from 'vitest';
import { readAnnotations } from './annotations.js';
import { readLabelled } from './labelled.js';
import { readTasks, readTasksStrict } from './read-tasks.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-data-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: string | Buffer | object[]): string {
  const path = join(folder, 'data.jsonl');
  const text = Array.isArray(content) ? content.map((line) => JSON.stringify(line)).join('\n') : content;
  writeFileSync(path, text);
  return path;
}

/** The message of the InputError that `work` ends in, with the folder left out. */
async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  return (error as InputError).message.replaceAll(`${folder}/`, '');
}

const prompt = (id: string) => ({ id, messages: [{ role: 'user', content: `Q ${id}` }] });

describe('readTasks', () => {
  it('keeps good lines and names bad ones by number and reason', async () => {
    const good = JSON.stringify(prompt('a'));
    const path = file(
      Buffer.concat([
        Buffer.from(`\uFEFF${good}\r\n\r\n{"id":\n{"id":"b"}\n${good}\n"`),
        Buffer.from([0xff, 0x22]),
        Buffer.from(`\n${JSON.stringify(prompt('c'))}`),
      ]),
    );
    const { tasks, problems } = await readTasks(path);
    expect(tasks.map(({ id }) => id)).toEqual(['a', 'c']);
    expect(problems.map(({ line }) => line)).toEqual([3, 4, 5, 6]);
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('not JSON'),
      'messages: expected a list of turns, got nothing',
      'the task "a" is already on line 1',
      expect.stringContaining('not UTF-8'),
    ]);
    const message = await refusal(readTasksStrict(path));
    expect(message.split('\n')).toHaveLength(4);
    expect(message).toContain('data.jsonl:4: messages: expected a list of turns, got nothing');
  });

  it('refuses a line with a key twice, and names the key', async () => {
    const twice = '{"id":"b","prompt":"one: or","prompt":"the other: one"}';
    const { tasks, problems } = await readTasks(file(`${JSON.stringify(prompt('a'))}\n${twice}\n`));
    expect(tasks).toHaveLength(1);
    expect(problems).toEqual([
      { line: 2, message: 'the key "prompt" is there twice in one object: expected it once' },
    ]);
  });

  it('joins lines that cross the chunks of the stream', async () => {
    const long = Array.from({ length: 40 }, (_, i) => ({ ...prompt(`t${i}`), document: 'é'.repeat(9_973) }));
    const { tasks, problems } = await readTasks(file(long));
    expect(problems).toEqual([]);
    expect(tasks.map(({ metadata }) => metadata['document'])).toEqual(long.map(({ document }) => document));
  });

  it.each([
    ['an empty file', '', 'data.jsonl: the file is empty: expected one JSON object a line'],
    ['only blank lines', '\n \n', 'data.jsonl: the file is empty'],
    ['a JSON array', '[\n {}\n]', 'data.jsonl:1: the file is one JSON value: expected JSON Lines'],
    ['CSV', 'id,question,"answer"\n1,Who?,Me\n', 'data.jsonl:1: the file looks like CSV, which is not read'],
    ['a pretty-printed object', '{\n "id": 1\n}', 'data.jsonl:1: the file is one JSON value'],
    ['UTF-16', Buffer.from('\uFEFF{}', 'utf16le'), 'data.jsonl: the file is UTF-16'],
    ['a binary file', Buffer.from([1, 0, 2, 10, 3]), 'data.jsonl: the file is not text'],
  ])('refuses %s with one message', async (_, content, message) => {
    const got = await refusal(readTasks(file(content)));
    expect(got).toContain(message);
    expect(got.split('\n')).toHaveLength(1);
  });

  it('refuses a missing file and a folder', async () => {
    expect(await refusal(readTasks(join(folder, 'no.jsonl')))).toBe(
      'no.jsonl: cannot open the data file: there is no such file',
    );
    expect(await refusal(readTasks(folder))).toContain('expected a JSON Lines file, got a folder');
  });
});

describe('lines that are a task and more', () => {
  const answered = { ...prompt('a'), response: '[]' };

  it('splits the answer off an annotation', async () => {
    const turns = [...prompt('a').messages, { role: 'assistant', content: 'A' }];
    const [annotation] = await readAnnotations(file([{ id: 'a', messages: turns, reference_answer: 'r' }]));
    expect(annotation).toEqual({ task: { ...prompt('a'), reference: 'r', metadata: {} }, answer: 'A' });
    expect(await refusal(readAnnotations(file([prompt('a')])))).toContain(
      "data.jsonl:1: messages: expected the last turn to be the assistant's answer, got a user turn",
    );
  });

  it('reads labels per item or for the whole answer, and keeps them out of the task', async () => {
    const examples = await readLabelled(
      file([
        { ...answered, labels: [{ Grounding: 5, Actionability: true }, { Grounding: 1 }] },
        { ...answered, labels: { Grounding: false } },
      ]),
    );
    expect(examples.map(({ labels }) => labels)).toEqual([
      [{ Grounding: 5, Actionability: true }, { Grounding: 1 }],
      [{ Grounding: false }],
    ]);
    expect(examples[0]?.task.metadata).toEqual({});
  });

  it('takes copies of a task under other ids for one task, and answers of several models for answers to one', async () => {
    const lines = (id: string) => [
      { ...prompt('a'), id, response: 'x', labels: { Grounding: 1 } },
      { ...prompt('a'), id, response: 'y', labels: { Grounding: 0 } },
    ];
    const another = [{ ...prompt('a'), id: 'c', response: 'x', labels: { Grounding: 1 } }];
    const examples = await readLabelled(file([...lines('a'), ...lines('b').toReversed(), ...another]));
    expect(examples.map(({ task }) => task.id)).toEqual(['a', 'a', 'a', 'a', 'c']);

    const { messages } = prompt('');
    const written = ['m1', 'm2'].map((model) => ({
      messages,
      model,
      response: model,
      labels: { Grounding: 1 },
    }));
    const [first, second] = await readLabelled(file(written));
    expect(first!.task.id).toBe(second!.task.id);
    expect([first!.model, second!.model]).toEqual(['m1', 'm2']);
  });

  it('keeps what lines about one task say differently from the judge: it is of the answers, and may tell what they are worth', async () => {
    const line = (response: string, more: object) => ({
      ...prompt('a'),
      response,
      labels: { Grounding: 1 },
      document: 'D',
      ...more,
    });
    const examples = await readLabelled(
      file([
        line('x', { stars: 5, metadata: { team: 'red' } }),
        line('y', { stars: 1 }),
        { ...line('z', { stars: 5 }), ...prompt('b') },
      ]),
    );
    expect(examples.map(({ task }) => task.metadata)).toEqual([
      { document: 'D' },
      { document: 'D' },
      { document: 'D', stars: 5 },
    ]);
  });

  it('reads how answers were drawn, which is known of all of them or of none', async () => {
    const line = (id: string, drawn?: unknown) => ({
      ...prompt(id),
      response: 'x',
      labels: { Grounding: 1 },
      ...(drawn === undefined ? {} : { drawn }),
    });
    const drawn = { sample: 's', weight: 2.5, random: true };
    const [read] = await readLabelled(file([line('a', drawn)]));
    expect(read).toMatchObject({ drawn, task: { metadata: {} } });
    const refused = (lines: object[]): Promise<string> => refusal(readLabelled(file(lines)));
    expect(await refused([line('a', drawn), line('b')])).toContain('"b" has no "drawn", which others have');
    expect(await refused([line('a', drawn), line('b', { ...drawn, sample: 't' })])).toContain(
      'expected one sample in a file',
    );
    expect(await refused([line('a', drawn), line('a', { ...drawn, weight: 1 })])).toContain(
      '"a" has answers',
    );
    for (const bad of [{ ...drawn, weight: 0 }, { ...drawn, random: 1 }, 'x', null]) {
      expect(await refused([line('a', bad)])).toContain('data.jsonl:1: drawn: expected {"sample": text');
    }
  });

  it('reads what each of several people said, beside what they settled on or in its place', async () => {
    const raters = { anna: { Grounding: true }, ben: { Grounding: false } };
    const [settled, open] = await readLabelled(
      file([
        { ...answered, labels: { Grounding: 1 }, raters },
        { ...answered, raters },
      ]),
    );
    const people = { anna: [{ Grounding: true }], ben: [{ Grounding: false }] };
    expect(settled).toMatchObject({ labels: [{ Grounding: 1 }], raters: people, task: { metadata: {} } });
    expect(open).toMatchObject({ labels: [], raters: people });
    const said = await refusal(
      readLabelled(
        file([
          { ...answered, raters: {} },
          { ...answered, raters: { anna: [{ Grounding: 1 }, {}], ben: { Grounding: 1 } } },
          { ...answered, labels: [{ Grounding: 1 }, {}], raters: { anna: { Grounding: 1 } } },
          { ...answered, raters: { anna: { Grounding: 'yes' } } },
          { ...answered, raters: 'anna' },
        ]),
      ),
    );
    expect(said.split('\n')).toEqual([
      'data.jsonl:1: raters: expected an object of name and labels, got an empty object',
      'data.jsonl:2: raters: expected as many records from each, got 2 and 1',
      'data.jsonl:3: raters: expected as many records from each, got 2 and 1',
      'data.jsonl:4: raters."anna"."Grounding": expected a number, true or false, got a string',
      'data.jsonl:5: raters: expected an object of name and labels, got a string',
    ]);
  });

  it('refuses unusable labels, and one id for two prompts or references', async () => {
    const path = file([
      { ...answered, labels: { Grounding: '5' } },
      { ...answered, labels: [] },
      { ...prompt('a'), labels: { Grounding: 1 } },
      { ...answered, labels: { Grounding: 1 } },
      { ...answered, messages: [{ role: 'user', content: 'other' }], labels: { Grounding: 1 } },
      { ...answered, reference_answer: 'yes', labels: { Grounding: 1 } },
    ]);
    expect((await refusal(readLabelled(path))).split('\n')).toEqual([
      'data.jsonl:1: labels."Grounding": expected a number, true or false, got a string',
      'data.jsonl:2: labels: expected at least one label, got none',
      'data.jsonl:3: response: expected the answer as a string, got nothing',
      'data.jsonl:5: the id "a" stands for another prompt on line 4',
      'data.jsonl:6: the id "a" stands for another reference on line 4',
    ]);
  });
});
