import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InputError, RunError } from '@touchstone/spec';
import { unzipSync } from 'fflate';
import { timedOut } from './limits.js';

export interface ZipRun {
  /** What the handler returned. */
  result: unknown;
  /** Largest resident memory of the process. */
  peakMegabytes: number;
}

interface ZipRunOptions {
  timeoutSeconds: number;
  env: Record<string, string | undefined>;
  /** Told of what the function writes to its log. */
  onLog: (text: string) => void;
}

/** What Lambda's runtime does, as far as a reward function can tell: import, one call, an answer as JSON. */
const RUNTIME = `
  import { readFileSync } from 'node:fs';
  process.once('message', async ({ file, eventFile, milliseconds }) => {
    let answer;
    try {
      const { handler } = await import(file);
      process.send({ begun: true });
      const event = JSON.parse(readFileSync(eventFile, 'utf8'));
      const deadline = performance.now() + milliseconds;
      const context = {
        getRemainingTimeInMillis: () => deadline - performance.now(),
        awsRequestId: '00000000-0000-4000-8000-000000000000',
      };
      const result = await handler(event, context);
      answer = { result, peakMegabytes: process.resourceUsage().maxRSS / 1024 };
    } catch (error) {
      answer = { failure: error instanceof Error ? error.message : String(error) };
    }
    process.send(answer);
  });`;

type Answer = (ZipRun & { begun?: undefined; failure?: undefined }) | { begun?: undefined; failure: string };

/**
 * Runs the function of a zip file once, in a Node process of its own, and ends it when its time is over.
 *
 * @param file name of the zip, for messages.
 * @throws {InputError} when the zip is not one of ours.
 * @throws {RunError} when the function fails or runs out of time.
 */
export async function runZip(
  zip: Uint8Array,
  file: string,
  event: unknown,
  options: ZipRunOptions,
): Promise<ZipRun> {
  const folder = await mkdtemp(join(tmpdir(), 'touchstone-lambda-'));
  try {
    const code = join(folder, 'code');
    const eventFile = join(folder, 'event.json');
    await unpack(zip, file, code);
    await writeFile(eventFile, JSON.stringify(event));
    return await runFolder(code, eventFile, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function unpack(zip: Uint8Array, file: string, folder: string): Promise<void> {
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(zip);
  } catch (cause) {
    throw InputError.at({ file }, 'not a zip file; "touchstone reward bundle" makes one', { cause });
  }
  if (!Object.hasOwn(files, 'index.mjs')) {
    throw InputError.at({ file }, 'expected index.mjs in the zip; "touchstone reward bundle" makes one');
  }
  for (const [name, bytes] of Object.entries(files)) {
    const path = resolve(folder, name);
    if (!path.startsWith(folder + sep)) throw InputError.at({ file }, `${name} would leave the folder`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }
}

function runFolder(folder: string, eventFile: string, options: ZipRunOptions): Promise<ZipRun> {
  const { timeoutSeconds, env, onLog } = options;
  return new Promise((settle, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', RUNTIME], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [child.stdout!, child.stderr!]) stream.setEncoding('utf8').on('data', onLog);
    let timer: NodeJS.Timeout | undefined;
    let answer: Answer | undefined;
    child.on('message', (message: Answer | { begun: true }) => {
      // Loading the code has a time limit of its own.
      if (message.begun) {
        timer = setTimeout(() => {
          reject(timedOut(timeoutSeconds));
          child.kill('SIGKILL');
        }, timeoutSeconds * 1000);
      } else {
        answer = message;
        // As Lambda does: what the function left undone is not waited for.
        child.kill('SIGKILL');
      }
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (answer === undefined) {
        reject(new RunError(`the function ended without an answer (${signal ?? `exit code ${code}`})`));
      } else if (answer.failure !== undefined) {
        reject(new RunError(`the function failed: ${answer.failure}`));
      } else settle(answer);
    });
    child.send({
      file: pathToFileURL(join(folder, 'index.mjs')).href,
      eventFile,
      milliseconds: timeoutSeconds * 1000,
    });
  });
}
