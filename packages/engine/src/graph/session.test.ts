import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunError } from '@touchstone/spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Graph } from './graph.js';
import { Runtime } from './runtime.js';
import { Session, SessionCache } from './session.js';
import { constant, float32, floats, int32, shared, type Tensor, type Tensors } from './tensor.js';

/** y = 3x + b over three numbers. */
function model(): Uint8Array<ArrayBuffer> {
  const g = new Graph();
  const x = g.input('x', 'float32', [3]);
  const b = g.input('b', 'float32', [3]);
  return g.toModel({ y: { value: g.node('Add', [g.node('Mul', [x, g.scalar(3)], [3]), b], [3]) } });
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

  it('keeps the two apart whose constants it reads in turn', async () => {
    const session = await Session.compile(model());
    const [one, other] = [shared(Float32Array.of(1, 2, 3)), shared(Float32Array.of(4, 5, 6))];
    for (const data of [one, other, other, one, one, other]) {
      const out = await session.run({ x: constant(data, [3]), b: vector(0, 0, 0) });
      expect(floats(out['y'])).toEqual(data.map((value) => value * 3));
      // Its place is taken by what may change, and by another length.
      const changing = shared(Float32Array.of(7, 8, 9));
      expect(floats((await session.run({ x: float32(changing, [3]), b: vector(0, 0, 0) }))['y'])).toEqual(
        Float32Array.of(21, 24, 27),
      );
    }
  });

  it('computes nothing that no output needs, and all that a loop reads from around it', async () => {
    const g = new Graph();
    const x = g.input('x', 'float32', [3]);
    // Would fail if it were computed.
    g.node('Gather', [x, g.int32([99])], [1]);
    const read = g.node('Mul', [x, g.scalar(2)], [3]);
    const body = new Graph('body_');
    body.input('body_i', 'int64', []);
    body.input('body_go_on', 'bool', []);
    const sum = body.input('body_sum', 'float32', [3]);
    const always = body.node('Cast', [g.int64Scalar(1)], [], { to: 9 });
    body.node('Gather', [x, g.int32([98])], [1]);
    body.outputs = [
      { value: always, type: 'bool', dims: [] },
      { value: body.node('Add', [sum, read], [3]), type: 'float32', dims: [3] },
    ];
    const goOn = g.node('Cast', [g.int64Scalar(1)], [], { to: 9 });
    const looped = g.node('Loop', [g.int64Scalar(3), goOn, x], [3], { body });
    const session = await Session.compile(g.toModel({ y: { value: looped } }));
    expect(floats((await session.run({ x: vector(1, 2, 3) }))['y'])).toEqual(Float32Array.of(7, 14, 21));
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
  it('fails every run that waits, saying why, and the next call gets a new one', async () => {
    const cache = new SessionCache();
    const session = await cache.get('sum', () => model());
    const before = session.run(feeds());
    // What is no command stands for an unforeseen mistake inside the thread.
    Runtime.get(0)['worker'].postMessage(null);
    const failures = Array.from({ length: 5 }, () => session.run(feeds()).catch((error: unknown) => error));
    expect(floats((await before)['y'])).toEqual(answer);
    for (const error of await Promise.all(failures)) {
      expect(error).toBeInstanceOf(RunError);
      expect((error as RunError).message).toContain('destructure');
    }
    expect(session.isOpen).toBe(false);
    await expect(session.run(feeds())).rejects.toThrow(RunError);

    const again = await cache.get('sum', () => model());
    expect(floats((await again.run(feeds()))['y'])).toEqual(answer);
  });
});

describe('the process', () => {
  /** A program of its own with the built engine; `run()` takes a second or so. */
  const program = (rest: string, env = process.env) =>
    spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `const ENGINE = ${JSON.stringify(new URL('../../dist/index.js', import.meta.url))};
        const { DifferentiableGraph, runGraph } = await import(ENGINE);
        const g = new DifferentiableGraph();
        const x = g.input('x', 'float32', [1024, 1024]);
        let y = x;
        for (let i = 0; i < 30; i++) y = g.matmulTransposed(y, x);
        const x0 = { dims: [1024, 1024], data: new Float32Array(1024 * 1024) };
        const run = () => runGraph(g, { y }, { x: x0 });
        ${rest}`,
      ],
      { encoding: 'utf8', env },
    );

  it('tells nobody that it computes', () => {
    const home = mkdtempSync(join(tmpdir(), 'touchstone-home-'));
    // ONNX Runtime keeps silent in CI of its own accord.
    const env = { PATH: process.env['PATH'], HOME: home, XDG_CACHE_HOME: join(home, 'cache') };
    const { status, stderr } = program('await run();', env);
    expect([status, stderr, readdirSync(home)]).toEqual([0, '', []]);
    rmSync(home, { recursive: true });
  });

  it('ends by itself when a run has, and not before', () => {
    const { status, stdout, stderr } = program("void run().then(() => process.stdout.write('computed'));");
    expect([status, stdout, stderr]).toEqual([0, 'computed', '']);
  });

  it('keeps its exit code when it ends in the middle of a run', () => {
    const { status, stderr } = program('void run(); setTimeout(() => process.exit(7), 400);');
    expect([status, stderr]).toEqual([7, '']);
  });

  it('keeps its exit code when it ends while rows are decoded on several tracks', () => {
    const { status, stderr } = program(`
      const { CausalLM, generate } = await import(ENGINE);
      const model = CausalLM.initialise({ model_type: 'llama', vocab_size: 99, hidden_size: 256, intermediate_size: 512,
        num_hidden_layers: 4, num_attention_heads: 4, num_key_value_heads: 4, max_position_embeddings: 256, rms_norm_eps: 1e-5,
        rope_theta: 1e4, eos_token_id: 1 }, 1);
      const asked = Array.from({ length: 64 }, (_, i) => ({ prompt: [2, 3 + i], maxTokens: 120, uniform: () => 0.5 }));
      void generate(model, asked, { temperature: 1, topK: 0, topP: 1 }, []);
      setTimeout(() => process.exit(7), 800);`);
    expect([status, stderr]).toEqual([7, '']);
  });
});

it('trains with another provider as with the CPU, or says that it is not there', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { CausalLM, checkProvider, configureEngine, gradients } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url))};
      const config = { model_type: 'llama', vocab_size: 37, hidden_size: 64, intermediate_size: 48, num_hidden_layers: 2,
        num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 64, rms_norm_eps: 1e-5, rope_theta: 1e4, eos_token_id: 1 };
      const model = CausalLM.initialise(config, 1);
      const answers = [[7, 8], [9], [10, 11, 12]].map((answer) => ({ tokens: [3, 4, 5, ...answer], start: 3, columns: {} }));
      const loss = { key: 'sum', columns: [], build: (g, logprobs) => ({ loss: g.sum(logprobs), metrics: {} }) };
      const [, expected] = [configureEngine({ provider: 'cpu' }), await gradients(model, answers, loss)];
      configureEngine({ provider: 'webgpu' });
      try {
        await checkProvider();
        const found = await gradients(model, answers, loss);
        let worst = 0;
        for (const [name, of] of expected.gradients)
          of.forEach((value, i) => (worst = Math.max(worst, Math.abs(value - found.gradients.get(name)[i]))));
        process.stdout.write(JSON.stringify({ worst }));
      } catch (error) {
        process.stdout.write(JSON.stringify({ refused: error.code, message: error.message }));
      }`,
    ],
    { encoding: 'utf8' },
  );
  expect(status, stderr).toBe(0);
  const { worst, message } = JSON.parse(stdout) as { worst?: number; message?: string };
  if (worst === undefined) expect(message).toMatch(/cannot compute with webgpu here: .*adapter/);
  else expect(worst).toBeLessThan(1e-4);
});
