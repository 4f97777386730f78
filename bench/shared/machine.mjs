import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';

/** What a figure depends on besides the code: the machine, its load when the run began, and the versions. */
export function describeMachine(versions = {}) {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model,
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    load_at_start: Number(loadavg()[0].toFixed(2)),
    node: process.version,
    ...versions,
  };
}

/** The version that `command` prints, or null where there is none. */
export function versionOf(command, ...args) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return null;
  }
}

/** Versions of packages by name, as that Python has them; null of one that it lacks. */
export const versionsIn = (python, names) =>
  Object.fromEntries(
    names.map((name) => [
      name,
      versionOf(python, '-c', `from importlib.metadata import version; print(version('${name}'))`),
    ]),
  );

/** Processor time (user and system) and highest resident memory of a process that runs, from /proc; null elsewhere. */
export function inspectProcess(pid) {
  try {
    // The name, in brackets, may hold anything; utime and stime are the 12th and 13th fields after it.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return {
      cpu_ms: ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND,
      peak_rss_mb: peak === null ? null : Number(peak[1]) / 1024,
    };
  } catch {
    return null;
  }
}

const TICKS_PER_SECOND = Number(versionOf('getconf', 'CLK_TCK') ?? 100);
