import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RunError } from '@touchstone/spec';
import type { LocalProcess } from './record.js';
import { lastLines, type Command, type Worker } from './worker.js';

const POLL_MS = 200;
/** After SIGTERM it has so long. */
const LAST_BREATH_MS = 10_000;

/**
 * Starts a process in a session of its own: what a terminal sends to this command is not for it, and it outlives a command that is killed.
 *
 * @param keep what is kept of it, so that the next command finds it; where that fails, the process is ended.
 * @throws {RunError} it cannot be started.
 */
export async function startHere(
  { folder, program, args, env, log }: Command,
  keep: (process: LocalProcess) => Promise<void>,
): Promise<Worker> {
  const output = openSync(join(folder, log), 'a');
  const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', output, output], detached: true });
  closeSync(output);
  try {
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  } catch (cause) {
    throw new RunError(`${program} cannot be started (${(cause as Error).message})`, { cause });
  }
  child.unref();
  const { pid } = child;
  const started = { pid: pid!, started: startOf(pid!) ?? 'ended at once' };
  const worker = workerHere(started, join(folder, log));
  try {
    await keep(started);
  } catch (error) {
    await worker.end(0);
    throw error;
  }
  return worker;
}

/** The process that was started, perhaps by an earlier command. @param log the path of the file that takes what it prints. */
export function workerHere(process: LocalProcess, log: string): Worker {
  const waited = async (ms: number): Promise<boolean> => {
    for (let left = ms; left > 0 && isThere(process); left -= POLL_MS) await sleep(POLL_MS);
    return !isThere(process);
  };
  return {
    name: `process ${process.pid}`,
    isAlive: () => Promise.resolve(isThere(process)),
    async end(patienceMs) {
      if (await waited(patienceMs)) return;
      signal(process.pid, 'SIGTERM');
      if (await waited(LAST_BREATH_MS)) return;
      signal(process.pid, 'SIGKILL');
    },
    async lastWords() {
      const text = await readFile(log, 'utf8').catch(() => '');
      return `the last that it wrote: ${lastLines(text)}`;
    },
  };
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    // Its whole group: with several GPUs it has processes of its own.
    process.kill(-pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

/** Whether a process is there: that one, and no other with its number. */
export const isThere = ({ pid, started }: LocalProcess): boolean => startOf(pid) === started;

/** When a process was started, in words of the system; null: there is none, or it has ended and nobody has looked yet. */
export function startOf(pid: number): string | null {
  try {
    if (process.platform === 'linux') {
      // After the name in brackets, which may hold anything: the state, and 19 fields on the time in ticks since the boot.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? null : `${bootId()} ${fields[19]}`;
    }
    const said = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return said === '' || said.startsWith('Z') ? null : said.replace(/^\S+\s+/, '');
  } catch {
    return null;
  }
}

const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
