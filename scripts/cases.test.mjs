// Runs small inputs on which the product once failed, kept outside of the repository: with TOUCHSTONE_CASES=FOLDER, each
// folder in it whose `run.mjs` ends with 0 when the product gives the right value.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from './packages.mjs';

const folder = process.env.TOUCHSTONE_CASES ? resolve(process.env.TOUCHSTONE_CASES) : undefined;
const cases = folder
  ? readdirSync(folder)
      .filter((name) => existsSync(join(folder, name, 'run.mjs')))
      .sort()
  : [];

/** How a case ended, and what it said. */
async function run(name) {
  const child = spawn(process.execPath, [join(folder, name, 'run.mjs')], {
    // Some train without labelled answers, since it is not the judge that they are about.
    env: { ...process.env, TOUCHSTONE: ROOT, TOUCHSTONE_NO_GATE: 'only a case' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (said += text));
  const code = await new Promise((done, fail) => child.on('error', fail).on('close', done));
  return { code, said: said.trim() };
}

const why = cases.length === 0 ? ' (skipped: TOUCHSTONE_CASES does not point to a folder of cases)' : '';
describe.skipIf(why !== '')(`cases${why}`, () => {
  /** By name. Three at a time: they wait more than they compute. */
  const ended = new Map();
  beforeAll(async () => {
    const left = [...cases];
    const work = async () => {
      for (let name = left.shift(); name !== undefined; name = left.shift()) ended.set(name, await run(name));
    };
    await Promise.all([work(), work(), work()]);
  }, 1_800_000);
  it.each(cases.length > 0 ? cases : ['none'])(
    '%s',
    // Cases have limits of time of their own, which they may miss beside another one: then once more, alone.
    { timeout: 90_000 },
    async (name) => {
      const first = ended.get(name);
      expect(first.code === 0 ? first : await run(name)).toMatchObject({ code: 0 });
    },
  );
});
