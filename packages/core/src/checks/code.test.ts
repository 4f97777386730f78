import { InputError } from '@touchstone/spec';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkOf, evaluate, taskWith } from './check.testing.js';

const outer = mkdtempSync(join(tmpdir(), 'touchstone-code-'));
const folder = join(outer, 'config');
mkdirSync(folder);
afterAll(() => rmSync(outer, { recursive: true }));

const module = (name: string, text: string): { type: string; module: string } => {
  writeFileSync(join(folder, name), text);
  return { type: 'code', module: `./${name}` };
};

describe("the user's own code", () => {
  const task = { ...taskWith({ words: 2 }), truth: 'secret' };

  it('scores, at once or later, with or without a detail', async () => {
    const sync = module('sync.mjs', 'export default ({ task, response }) => response.split(" ").length / 4;');
    expect(await evaluate(sync, 'a b', { baseDir: folder, task })).toEqual({ score: 0.5 });
    const later = module(
      'later.mjs',
      'export default async ({ task }) => ({ score: 1, detail: `${task.metadata.words} words` });',
    );
    expect(await evaluate(later, '', { baseDir: folder, task })).toEqual({ score: 1, detail: '2 words' });
  });

  it('neither sees the truth nor changes the task', async () => {
    const nosy = module(
      'nosy.mjs',
      'export default ({ task }) => { task.metadata.words = 9; return { score: 0, detail: String(task.truth) }; };',
    );
    expect(await evaluate(nosy, '', { baseDir: folder, task })).toEqual({ score: 0, detail: 'undefined' });
    expect(task.metadata).toEqual({ words: 2 });
  });

  it.each([
    ['throws.mjs', 'export default () => { throw new Error("no luck"); };', 'threw on task t1: no luck'],
    ['rejects.mjs', 'export default async () => { throw "no luck"; };', 'threw on task t1: no luck'],
    ['high.mjs', 'export default () => 1.5;', 'gave 1.5 for task t1; expected a number from 0 to 1'],
    ['nan.mjs', 'export default () => NaN;', 'gave NaN'],
    ['text.mjs', 'export default () => "1";', 'gave 1 for task t1'],
    ['nothing.mjs', 'export default () => {};', 'gave undefined'],
    ['detail.mjs', 'export default () => ({ score: 1, detail: 3 });', 'as the detail'],
    ['none.mjs', 'export const score = 1;', 'no function as default export'],
    ['broken.mjs', 'export default (', 'cannot be loaded'],
    ['import.mjs', 'import "./missing.mjs";', 'cannot be loaded'],
  ])('%s is named when it fails', async (name, text, message) => {
    const failing = evaluate(module(name, text), '', { baseDir: folder, task });
    await expect(failing).rejects.toThrow(InputError);
    await expect(failing).rejects.toThrow(`./${name}: the module`);
    await expect(failing).rejects.toThrow(message);
  });

  it.each([
    ['loops', 'for (;;);'],
    ['never answers', 'return new Promise(() => {})'],
    ['ends the process', 'process.exit(0)'],
    ['throws later', 'setImmediate(() => { throw new Error("late") }); return new Promise(() => {})'],
  ])('that %s on an answer costs that answer its score; on every answer it is broken', async (name, does) => {
    const text = (when: string) =>
      `export default ({ response }) => { if (${when}) { ${does} } return 0.5; };`;
    const config = { ...module(`${name}.mjs`, text('response === "evil"')), timeout_seconds: 1 };
    const check = checkOf(config, { baseDir: folder });
    const results = await Promise.all(
      ['good', 'evil', 'fine'].map(async (response) => check.evaluate({ task, response })),
    );
    expect(results.map(({ score }) => score)).toEqual([0.5, 0, 0.5]);
    expect(results[1]!.detail).toContain('on this answer, and not on an empty one');
    const broken = { ...module(`all ${name}.mjs`, text('true')), timeout_seconds: 1 };
    await expect(evaluate(broken, 'good', { baseDir: folder, task })).rejects.toThrow(
      /on an empty answer to task t1/,
    );
  });

  it('must be in the folder of the configuration', () => {
    writeFileSync(join(outer, 'outside.mjs'), 'export default () => 1;');
    for (const name of ['../outside.mjs', join(outer, 'outside.mjs'), 'missing.mjs'])
      expect(() => checkOf({ type: 'code', module: name }, { baseDir: folder })).toThrow(InputError);
    expect(() => checkOf({ type: 'code', module: 'check.py' }, { baseDir: folder })).toThrow('.ts, .mts');
  });

  it('is loaded by who knows how to, TypeScript above all', async () => {
    const typed = module('typed.ts', 'export default (r: { response: string }): number => 1;');
    const moduleUrl = (path: string) =>
      Promise.resolve(
        `data:text/javascript,export default () => ({ score: 1, detail: "${path.slice(-8)}" })`,
      );
    expect(await evaluate(typed, '', { baseDir: folder, moduleUrl })).toEqual({
      score: 1,
      detail: 'typed.ts',
    });
  });
});
