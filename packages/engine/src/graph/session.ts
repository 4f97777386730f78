import { InputError } from '@touchstone/spec';
import { Graph, type Value } from './graph.js';
import { trainingTrack, wideTrack } from './tracks.js';
import { Runtime } from './runtime.js';
import { float32, floats, int32, type Tensors } from './tensor.js';

let counter = 0;

/** Sessions that nobody holds any longer give their memory back as well. */
const dropped = new FinalizationRegistry<{ runtime: Runtime; id: number }>(({ runtime, id }) => {
  // A runtime that has stopped holds nothing.
  runtime.obey({ kind: 'release', session: id }).catch(() => undefined);
});

/** A compiled graph, which lives with ONNX Runtime on the thread of its track. */
export class Session {
  private constructor(
    private readonly runtime: Runtime,
    private readonly id: number,
  ) {
    dropped.register(this, { runtime, id }, this);
  }

  /**
   * Compiles a serialised ONNX model. `model` is moved, not copied: it is empty afterwards.
   * @throws {InputError} when the track's provider is another than the CPU, and cannot be had here
   */
  static async compile(model: Uint8Array<ArrayBuffer>, track = wideTrack()): Promise<Session> {
    const { index, threads, provider } = track;
    const runtime = Runtime.get(index);
    const session = new Session(runtime, counter++);
    try {
      await runtime.obey({ kind: 'compile', session: session.id, model, threads, provider });
    } catch (cause) {
      if (provider === 'cpu' || !runtime.isRunning) throw cause;
      const said = (cause as Error).message;
      const message =
        `engine.provider: ONNX Runtime cannot compute with ${provider} here: ${said}; ` +
        'expected its driver and its hardware; "cpu" is everywhere';
      throw new InputError([{ message }], { cause });
    }
    return session;
  }

  /** False after its thread has stopped: compile it again. */
  get isOpen(): boolean {
    return this.runtime.isRunning;
  }

  /**
   * @param feeds read when the run begins, and not to be changed before it ends
   * @throws {Error} ONNX Runtime's, when the feeds do not fit the graph
   */
  run(feeds: Tensors): Promise<Tensors> {
    return this.runtime.obey({ kind: 'run', session: this.id, feeds });
  }

  /** Gives its memory back; not to be run again. */
  async release(): Promise<void> {
    dropped.unregister(this);
    await this.runtime.obey({ kind: 'release', session: this.id });
  }
}

/** Each session keeps the memory that its largest run needed; this many at most, per model and track. */
const SESSIONS_KEPT = 12;

/** Compiles each graph once a track and keeps those that were used last. One caller a track at a time, as models are. */
export class SessionCache {
  private readonly tracks = new Map<string, Map<string, Session>>();
  /** @param build called when the graph is not there yet */
  async get(key: string, build: () => Uint8Array<ArrayBuffer>, track = wideTrack()): Promise<Session> {
    const place = JSON.stringify(track);
    let sessions = this.tracks.get(place);
    if (!sessions) this.tracks.set(place, (sessions = new Map()));
    const known = sessions.get(key);
    const session = known?.isOpen ? known : await Session.compile(build(), track);
    sessions.delete(key);
    sessions.set(key, session);
    const [oldest] = sessions;
    if (sessions.size > SESSIONS_KEPT && oldest) {
      sessions.delete(oldest[0]);
      if (oldest[1].isOpen) await oldest[1].release();
    }
    return session;
  }
}

/**
 * Tries what training is going to compute with.
 * @throws {InputError} as `Session.compile` does
 */
export async function checkProvider(): Promise<void> {
  const g = new Graph();
  const x = g.input('x', 'float32', [1]);
  const model = g.toModel({ y: { value: g.node('Add', [x, x], [1]) } });
  const session = await Session.compile(model, trainingTrack());
  await session.run({ x: float32(Float32Array.of(1), [1]) });
  await session.release();
}

/** Compiles and runs a graph once: for checking a formula on numbers. */
export async function runGraph(
  graph: Graph,
  outputs: Record<string, Value>,
  inputs: Record<string, { dims: readonly number[]; data: Float32Array | Int32Array }>,
): Promise<Record<string, Float32Array>> {
  const model = graph.toModel(
    Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, { value }])),
  );
  const session = await Session.compile(model);
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { dims, data }]) => [
      name,
      data instanceof Int32Array ? int32(data, dims) : float32(data, dims),
    ]),
  );
  const out = await session.run(feeds);
  await session.release();
  return Object.fromEntries(Object.keys(outputs).map((name) => [name, floats(out[name])]));
}
