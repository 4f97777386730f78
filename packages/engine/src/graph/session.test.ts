import { RunError } from '@touchstone/spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Graph } from './graph.js';
import { Runtime } from './runtime.js';
import { Session, SessionCache } from './session.js';
import { float32, floats, int32, shared, type Tensor, type Tensors } from './tensor.js';

/** y = 3x + b over three numbers: as slow as one likes by `repeats`. */
function model(repeats = 1): Uint8Array<ArrayBuffer> {
  const g = new Graph();
  const x = g.input('x', 'float32', [3]);
  const b = g.input('b', 'float32', [3]);
  let y = g.node('Mul', [x, g.scalar(3)], [3]);
  for (let i = 0; i < repeats; i++) y = g.node('Add', [y, b], [3]);
  return g.toModel({ y: { value: y } });
}
const vector = (...numbers: number[]): Tensor => float32(Float32Array.from(numbers), [numbers.length]);
const feeds = (): Tensors => ({ x: vector(1, 2, 3), b: vector(10, 20, 30) });
const answer = Float32Array.of(13, 26, 39);

describe('a session', () => {
  it('answers in the order of the runs, and a release waits for the runs before it', async () => {
    const session = await Session.compile(model());
    const order: number[] = [];
    const runs = Array.from({ length: 20 }, async (_, i) => {
      const out = await session.run({ x: vector(i, i, i), b: vector(0, 0, 0) });
      order.push(i);
      return floats(out['y'])[0];
    });
    const released = session.release();
    expect(await Promise.all(runs)).toEqual(Array.from({ length: 20 }, (_, i) => i * 3));
    await released;
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    await expect(session.run(feeds())).rejects.toThrow('released');
  });

  it('reads shared memory as it is when a run begins', async () => {
    const session = await Session.compile(model());
    const data = shared(Float32Array.of(1, 2, 3));
    for (let i = 0; i < 50; i++) {
      data.fill(i);
      const out = await session.run({ x: float32(data, [3]), b: vector(0, 0, 0) });
      expect(floats(out['y'])).toEqual(new Float32Array(3).fill(i * 3));
    }
  });

  it('refuses feeds that do not fit with an error of its own, and answers the next run', async () => {
    const session = await Session.compile(model());
    const strange: fc.Arbitrary<Tensor> = fc.oneof(
      fc.array(fc.float(), { maxLength: 8 }).map((data) => vector(...data)),
      fc.constant(int32(Int32Array.of(1, 2, 3), [3])),
      fc
        .tuple(fc.array(fc.float(), { maxLength: 8 }), fc.array(fc.integer({ min: -1, max: 4 })))
        .map(([data, dims]) => float32(Float32Array.from(data), dims)),
    );
    await fc.assert(
      fc.asyncProperty(fc.record({ x: strange, b: strange }, { requiredKeys: [] }), async (odd) => {
        const fits = [odd.x, odd.b].every(
          (t) => t?.type === 'float32' && t.data.length === 3 && t.dims.join() === '3',
        );
        const error = await session.run(odd as Tensors).catch((reason: unknown) => reason);
        if (!fits) expect((error as Error).message).toMatch(/./);
        expect(floats((await session.run(feeds()))['y'])).toEqual(answer);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a thread that stops', () => {
  it('fails every run that waits, with a typed error, and the next call gets a new one', async () => {
    const cache = new SessionCache();
    const session = await cache.get('slow', () => model(3000));
    const runs = Array.from({ length: 5 }, () => session.run(feeds()));
    const failures = Promise.all(runs.map((run) => run.catch((error: unknown) => error)));
    await Runtime.get()['worker'].terminate();
    for (const error of await failures) expect(error).toBeInstanceOf(RunError);
    expect(session.isOpen).toBe(false);
    await expect(session.run(feeds())).rejects.toThrow('has stopped');

    const again = await cache.get('slow', () => model(1));
    expect(floats((await again.run(feeds()))['y'])).toEqual(answer);
  });

  it('says what it died of', async () => {
    const session = await Session.compile(model());
    const before = session.run(feeds());
    // What is no command stands for an unforeseen mistake inside the thread.
    Runtime.get()['worker'].postMessage(null);
    const after = session.run(feeds()).catch((error: unknown) => error);
    expect(floats((await before)['y'])).toEqual(answer);
    const error = await after;
    expect(error).toBeInstanceOf(RunError);
    expect((error as RunError).message).toContain('destructure');
  });
});
