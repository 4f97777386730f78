// The thread that ONNX Runtime computes on: its Node binding works on the thread that calls it. This is JavaScript because
// a thread starts from a file as it lies on the disk, be it beside the sources or in the built package.
import { parentPort, workerData } from 'node:worker_threads';
import ort from 'onnxruntime-node';

/**
 * @import { Command, Flags, Reply, Request } from './runtime.js'
 * @import { Tensor, Tensors } from './tensor.js'
 */

if (!parentPort) throw new Error('this file is a thread of runtime.ts');
const port = parentPort;
const { computing, ending } = /** @type {Flags} */ (workerData);

/** @type {Map<number, ort.InferenceSession>} */
const sessions = new Map();

/** @param {Command} command @returns {Promise<Tensors>} the outputs of a run */
async function obey(command) {
  if (command.kind === 'compile') {
    const session = await ort.InferenceSession.create(command.model, {
      executionProviders: [command.provider],
      graphOptimizationLevel: 'all',
      intraOpNumThreads: command.threads,
      // It plans memory for each shape that comes, in one block beside what is there already; here shapes change all the time.
      enableMemPattern: false,
      // Threads that spin while they wait for each other take the cores from whoever else needs them, and from these.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
      // Shape warnings of nested graphs are noise for a user; errors still throw.
      logSeverityLevel: 3,
    });
    sessions.set(command.session, session);
    return {};
  }
  const session = sessions.get(command.session);
  if (!session) throw new Error('this session was released, or never compiled');
  if (command.kind === 'release') {
    sessions.delete(command.session);
    await session.release();
    return {};
  }
  const outputs = await session.run(bindings(command.feeds));
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { type, data, dims }]) => [
      name,
      /** @type {Tensor} */ ({ type, data, dims }),
    ]),
  );
}

/** @typedef {{ data: Tensor['data'], identity?: number | undefined }} Copy */
/** @type {Map<string, Copy>} What the last run was fed from shared memory, by name: the next one is mostly fed the same. */
let copies = new Map();

/** @param {Tensors} feeds */
function bindings(feeds) {
  /** @type {Record<string, ort.Tensor>} */
  const tensors = {};
  /** @type {typeof copies} */
  const copied = new Map();
  for (const [name, tensor] of Object.entries(feeds)) {
    const { type, dims } = tensor;
    let { data } = tensor;
    if (data.buffer instanceof SharedArrayBuffer) {
      const copy = copyOf(tensor, copies.get(name));
      copied.set(name, copy);
      data = copy.data;
    }
    tensors[name] = new ort.Tensor(type, data, dims);
  }
  copies = copied;
  return tensors;
}

/**
 * Node 20's N-API refuses shared memory (later ones take it), so that a run works on a copy. Memory that is there already takes it in
 * a third of the time.
 * @param {Tensor} tensor @param {Copy | undefined} last @returns {Copy}
 */
function copyOf({ data, identity }, last) {
  if (last?.data.constructor !== data.constructor || last.data.length !== data.length)
    return { data: data.slice(), identity };
  if (identity === undefined || identity !== last.identity)
    /** @type {Float32Array} */ (last.data).set(/** @type {Float32Array} */ (data));
  return { data: last.data, identity };
}

/** @param {Request} request */
async function answer({ id, command }) {
  Atomics.store(computing, 0, 1);
  /** @type {Reply | undefined} */
  let reply;
  // Raised first and then looked: the process that ends waits for this flag after it has raised its own.
  if (Atomics.load(ending, 0) === 0) {
    reply = await obey(command).then(
      (outputs) => ({ id, outputs }),
      (error) => ({ id, error }),
    );
  }
  Atomics.store(computing, 0, 0);
  Atomics.notify(computing, 0);
  if (!reply) return;
  const moved = Object.values(reply.outputs ?? {}).map(({ data }) => data.buffer);
  port.postMessage(reply, /** @type {ArrayBuffer[]} */ (moved));
}

// One after the other, in the order they came: a command takes several turns of the event loop. What goes wrong outside
// a command ends the thread, which whoever waits for it is told.
let last = Promise.resolve();
port.on('message', (request) => {
  last = last.then(() => answer(request));
});
port.on('messageerror', (error) => {
  throw error;
});
