import { describe, expect, it } from 'vitest';
import { LimitedFunction, type ThreadOptions } from './thread.js';

const limited = (body: string, more: Partial<ThreadOptions> = {}) =>
  new LimitedFunction({ program: `(data) => ${body}`, data: 7, limitSeconds: 2, ...more });
/** Ends for nobody but those who are not it. */
const LOOPS = '(input) => { if (input === "evil") for (;;); return input + data; }';

describe('a function with a limit', () => {
  it('gives its values, sync or not, and says what it throws', async () => {
    const add = limited(
      'async (input) => { if (input < 0) throw new Error("negative"); return input + data; }',
    );
    const replies = await Promise.all([1, -1, 2].map((input) => add.call(input)));
    expect(replies).toEqual([{ value: 8 }, { threw: 'negative' }, { value: 9 }]);
    expect(await limited('{ throw "no luck"; }').call(1)).toEqual({ unloadable: 'no luck' });
    expect(await limited('() => () => 1').call(1)).toMatchObject({
      threw: expect.stringContaining('cloned') as string,
    });
  });

  it('loses the one call that does not end, and none that waited behind it or ran beside it', async () => {
    const loops = limited(LOOPS);
    const replies = await Promise.all(['a', 'evil', 'b', 'evil', 'c'].map((input) => loops.call(input)));
    const lost = { lost: 'took longer than 2 s' };
    expect(replies).toEqual([{ value: 'a7' }, lost, { value: 'b7' }, lost, { value: 'c7' }]);

    const mixed = limited(
      `async (input) => { await new Promise((done) => setTimeout(done, 50)); if (input === 'evil') for (;;); return input; }`,
    );
    expect(await Promise.all(['a', 'evil', 'b'].map((input) => mixed.call(input)))).toEqual([
      { value: 'a' },
      lost,
      { value: 'b' },
    ]);
  });

  it('goes on while it waits', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 5);
    await limited(LOOPS).call('evil');
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });

  it.each([
    ['process.exit(0)', 'ended its process with exit code 0'],
    [
      'setImmediate(() => { throw new Error("later"); }); return new Promise(() => {})',
      'threw where nothing catches it: later',
    ],
    [
      'Promise.reject(new Error("unseen")); return new Promise(() => {})',
      'threw where nothing catches it: unseen',
    ],
    ['return new Promise(() => {})', 'took longer than 2 s'],
  ])('says that it was lost to %s, and to whom alone', async (does, lost) => {
    const one = limited(`(input) => { if (input === 'evil') { ${does}; } return input; }`);
    expect(await Promise.all(['a', 'evil', 'b'].map((input) => one.call(input)))).toEqual([
      { value: 'a' },
      { lost },
      { value: 'b' },
    ]);
  });

  it('takes no value back for what it throws later', async () => {
    const later = limited(
      '(input) => { setTimeout(() => { throw new Error("later"); }, 20); return input; }',
    );
    expect(await later.call(1)).toEqual({ value: 1 });
    await new Promise((done) => setTimeout(done, 200));
    expect(await later.call(2)).toEqual({ value: 2 });
  });

  it('is not tried for ever where it cannot even start', async () => {
    const exits = limited('process.exit(3)');
    expect(await Promise.all([exits.call(1), exits.call(2)])).toEqual([
      { lost: 'ended its process with exit code 3' },
      { lost: 'ended its process with exit code 3' },
    ]);
  });

  it('has the memory that it is given', async () => {
    const hungry = limited('() => { const all = []; for (;;) all.push(new Array(1e5).fill(0)); }', {
      memory: 32,
      limitSeconds: 60,
    });
    expect(await hungry.call(1)).toEqual({ lost: 'ran out of memory' });
  });
});
