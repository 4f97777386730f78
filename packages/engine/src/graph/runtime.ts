import { Worker } from 'node:worker_threads';
import { RunError } from '@touchstone/spec';
import type { Provider } from '../settings.js';
import type { Tensors } from './tensor.js';

export type Command =
  | {
      kind: 'compile';
      session: number;
      model: Uint8Array<ArrayBuffer>;
      threads: number;
      provider: Provider;
    }
  | { kind: 'run'; session: number; feeds: Tensors }
  | { kind: 'release'; session: number };
export interface Request {
  id: number;
  command: Command;
}
export interface Reply {
  id: number;
  outputs?: Tensors;
  error?: unknown;
}

interface Asked {
  resolve(outputs: Tensors): void;
  reject(error: unknown): void;
}

/** Flags, 0 or 1, that both threads see. */
export interface Flags {
  computing: Int32Array;
  ending: Int32Array;
}
/** The longest that the end of the process waits for what is being computed, in milliseconds. */
const PATIENCE = 60_000;

/**
 * ONNX Runtime on a thread of its own, so that this one goes on reading requests and replies while it computes. Commands
 * are obeyed in the order given; the thread keeps the process alive only while one is under way.
 */
export class Runtime {
  private static readonly running = new Map<number, Runtime>();
  private readonly flags: Flags = { computing: flag(), ending: flag() };
  private readonly worker = new Worker(new URL('./worker.js', import.meta.url), {
    workerData: this.flags,
    // Flags such as --input-type are about the program, and a thread refuses them.
    execArgv: [],
  });
  private readonly asked = new Map<number, Asked>();
  private counter = 0;
  private failure: unknown;

  /** The binding aborts the process when its thread is ended inside a run, and the exit code would be lost. */
  private readonly end = (): void => {
    const { computing, ending } = this.flags;
    Atomics.store(ending, 0, 1);
    Atomics.wait(computing, 0, 1, PATIENCE);
  };

  private constructor(private readonly track: number) {
    this.worker.unref();
    this.worker.on('message', ({ id, outputs = {}, error }: Reply) => {
      const asked = this.asked.get(id)!;
      this.asked.delete(id);
      if (this.asked.size === 0) this.worker.unref();
      if (error === undefined) asked.resolve(outputs);
      else asked.reject(error);
    });
    this.worker.on('error', (error) => (this.failure = error));
    this.worker.on('exit', (code) => {
      Runtime.running.delete(this.track);
      this.failure ??= new Error(`exit code ${code}`);
      process.off('exit', this.end);
      for (const { reject } of this.asked.values()) reject(this.stopped());
    });
    process.on('exit', this.end);
  }

  /** The process's runtime of a track: a new one, without sessions, after the last has stopped. */
  static get(track: number): Runtime {
    let runtime = Runtime.running.get(track);
    if (!runtime) {
      // From 1.29 on ONNX Runtime tells its makers of each session, unless this is there when it is loaded. Here, since a
      // thread has only a copy of the environment, and the library reads the process's.
      process.env['ORT_DISABLE_TELEMETRY'] ??= '1';
      Runtime.running.set(track, (runtime = new Runtime(track)));
    }
    return runtime;
  }

  /** Whether it can still obey; its sessions are gone otherwise. */
  get isRunning(): boolean {
    return this === Runtime.running.get(this.track);
  }

  /**
   * @returns the outputs of a run
   * @throws {RunError} when the thread has stopped, for want of memory perhaps; ONNX Runtime's own error when it refuses
   */
  async obey(command: Command): Promise<Tensors> {
    if (!this.isRunning) throw this.stopped();
    return new Promise((resolve, reject) => {
      const id = this.counter++;
      this.worker.postMessage(
        { id, command } satisfies Request,
        command.kind === 'compile' ? [command.model.buffer] : [],
      );
      this.asked.set(id, { resolve, reject });
      this.worker.ref();
    });
  }

  private stopped(): RunError {
    const { message } = this.failure as Error;
    return new RunError(
      `the thread that runs ONNX Runtime has stopped, and what it was computing is lost: ${message}`,
      { cause: this.failure },
    );
  }
}

function flag(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}
