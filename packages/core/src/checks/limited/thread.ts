import { Worker } from 'node:worker_threads';

/** What came of a call in a thread. */
export type ThreadReply =
  | { value: unknown }
  /** What the function threw, in a line. */
  | { threw: string }
  /** What the program threw, so that there is no function. */
  | { unloadable: string }
  /** Why it never came to an end, as what is said of the function: "took longer than 2 s". */
  | { lost: string };

export interface ThreadOptions {
  /**
   * JavaScript of a function that is given `data` and makes the function which is called, `(data) => (input) => value`; either
   * may be async. It is text, so that it runs alike from a package, a bundle and a test; it sees nothing of this process.
   */
  program: string;
  data: unknown;
  /** What one call may take, from its begin. */
  limitSeconds: number;
  /** MiB that it may take, where that is bounded. */
  memory?: number;
}

const HARNESS = `
const { parentPort, workerData } = require('node:worker_threads');
const messageOf = (cause) =>
  typeof cause === 'string' ? cause : cause instanceof Error ? cause.message : 'something that is no error';
const ready = (async () => (PROGRAM)(workerData))();
ready.catch(() => {});
parentPort.on('message', async ({ id, input }) => {
  parentPort.postMessage({ id, begins: true });
  let run;
  try {
    run = await ready;
  } catch (cause) {
    return parentPort.postMessage({ id, reply: { unloadable: messageOf(cause) } });
  }
  try {
    parentPort.postMessage({ id, reply: { value: await run(input) } });
  } catch (cause) {
    parentPort.postMessage({ id, reply: { threw: messageOf(cause) } });
  }
});`;

/**
 * A function that hostile input or a mistake may keep from ever ending, in a thread of its own: the process goes on serving
 * meanwhile. Calls run beside each other as far as the function lets them. When one takes too long, or the function ends
 * its thread, a fresh one takes its place; whoever had begun beside it is called again alone, so that only the call which is
 * to blame is lost.
 */
export class LimitedFunction {
  private readonly shared: Thread;
  /** The last of those that are called alone, one after the other. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: ThreadOptions) {
    this.shared = new Thread(options);
  }

  async call(input: unknown): Promise<ThreadReply> {
    const reply = await this.shared.call(input);
    return 'isUnsure' in reply ? this.callAlone(input) : reply;
  }

  /** Calls it in a fresh thread. */
  callAlone(input: unknown): Promise<ThreadReply> {
    const reply = this.last.then(async (): Promise<ThreadReply> => {
      const thread = new Thread(this.options);
      try {
        const own = await thread.call(input);
        return 'lost' in own ? { lost: own.lost } : own;
      } finally {
        thread.end();
      }
    });
    this.last = reply;
    return reply;
  }
}

interface Call {
  input: unknown;
  /** Set once it has begun. */
  timer?: NodeJS.Timeout;
  /** `isUnsure`: it was lost with its thread, and may not be to blame. */
  settle: (reply: ThreadReply | { lost: string; isUnsure: true }) => void;
}

/** What a thread says of a call. */
type ThreadMessage = { id: number } & ({ begins: true } | { reply: ThreadReply });

/** One thread at a time: a fresh one after each that was lost. */
class Thread {
  private worker: Worker | undefined;
  /** Whether this worker has said anything. One that cannot start is not tried again and again. */
  private hasSpoken = false;
  private readonly calls = new Map<number, Call>();
  private next = 0;

  constructor(private readonly options: ThreadOptions) {}

  call(input: unknown): Promise<Parameters<Call['settle']>[0]> {
    return new Promise((settle) => {
      const id = this.next++;
      this.calls.set(id, { input, settle });
      this.post(id, input);
    });
  }

  end(): void {
    void this.worker?.terminate();
    this.worker = undefined;
  }

  private post(id: number, input: unknown): void {
    this.worker ??= this.start();
    // While it is waited for it keeps the process alive, and not a moment longer.
    this.worker.ref();
    this.worker.postMessage({ id, input });
  }

  private start(): Worker {
    const { program, data, memory } = this.options;
    const worker = new Worker(
      HARNESS.replace('PROGRAM', () => program),
      {
        eval: true,
        // Its own text is what it says, however this process was started.
        execArgv: [],
        workerData: data,
        ...(memory === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: memory } }),
      },
    );
    this.hasSpoken = false;
    worker.on('message', (message: ThreadMessage) => this.hear(worker, message));
    // What it has said by then comes before `exit`, but not always before `error`.
    let failure: string | undefined;
    worker.on('error', (error: NodeJS.ErrnoException) => {
      const isMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      failure = isMemory ? 'ran out of memory' : `threw where nothing catches it: ${error.message}`;
    });
    worker.on('exit', (code) => this.lose(worker, failure ?? `ended its process with exit code ${code}`));
    return worker;
  }

  private hear(worker: Worker, message: ThreadMessage): void {
    const call = this.calls.get(message.id);
    if (worker !== this.worker || call === undefined) return;
    this.hasSpoken = true;
    if ('begins' in message) {
      const { limitSeconds } = this.options;
      const late = (): void => {
        // Where it was this process that stood still, the reply lies there already.
        if (this.calls.get(message.id) === call)
          this.lose(worker, `took longer than ${limitSeconds} s`, call);
      };
      call.timer = setTimeout(() => setImmediate(late), limitSeconds * 1000);
      return;
    }
    clearTimeout(call.timer);
    this.calls.delete(message.id);
    if (this.calls.size === 0) worker.unref();
    call.settle(message.reply);
  }

  /** @param late the call that took too long, where it is that. */
  private lose(worker: Worker, why: string, late?: Call): void {
    if (worker !== this.worker) return;
    this.end();
    const begun = [...this.calls].filter(([, { timer }]) => timer !== undefined);
    const lost = this.hasSpoken ? begun : [...this.calls];
    if (lost.length === 0) process.emitWarning(`code of a check ${why}, after it had answered`);
    // What throws or ends the thread may be left from an earlier call; only what still runs can take too long.
    const isSure = !this.hasSpoken || (late !== undefined && begun.length === 1);
    for (const [id, { timer, settle }] of lost) {
      clearTimeout(timer);
      this.calls.delete(id);
      settle(isSure ? { lost: why } : { lost: why, isUnsure: true });
    }
    for (const [id, { input }] of this.calls) this.post(id, input);
  }
}
