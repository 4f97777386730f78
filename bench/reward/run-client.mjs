import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspectProcess } from '../shared/machine.mjs';

const CLIENTS = fileURLToPath(new URL('clients/', import.meta.url));

/**
 * Runs one client in a process of its own on a job (see `clients/job.mjs`), until it ends or its time is over.
 *
 * @param {{ command: string, script: string, job: object, capSeconds: number }} client
 * @returns {Promise<{
 *   ended: string, seconds: number, startAt: number, endAt: number,
 *   entries: { id: string, score: number | null, at: number, why?: string }[],
 *   cpuMs: number | null, peakRssMb: number | null,
 * }>} `ended`: `finished`, `cut off`, or the error of a client that failed. Processor time counts from its first call.
 */
export async function runClient({ command, script, job, capSeconds }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'touchstone-bench-'));
  try {
    const results = path.join(folder, 'results.jsonl');
    const jobFile = path.join(folder, 'job.json');
    writeFileSync(jobFile, JSON.stringify({ ...job, results }));
    const child = spawn(command, [path.join(CLIENTS, script), jobFile], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    const run = await watch(child, results, capSeconds);
    const lines = readLines(results);
    const start = lines.find(({ event }) => event === 'start');
    const end = lines.find(({ event }) => event === 'end');
    const endAt = end?.at ?? run.endAt;
    return {
      ended: run.ended,
      startAt: start?.at ?? run.endAt,
      endAt,
      seconds: start === undefined ? 0 : (endAt - start.at) / 1000,
      entries: lines.filter(({ id }) => id !== undefined),
      cpuMs: end?.cpu_ms ?? run.cpuMs,
      peakRssMb: end?.peak_rss_mb ?? run.peakRssMb,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The longest that a client may take to load what it needs. */
const LOADING_SECONDS = 300;

/** Waits for the child, looking at it each second: a process that is cut off cannot say what it used. */
function watch(child, results, capSeconds) {
  return new Promise((resolve, reject) => {
    let stderr = '';
    let startCpu;
    let startedAt;
    let seen = null;
    let isCutOff = false;
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr = (stderr + text).slice(-4000)));
    const spawnedAt = Date.now();
    const timer = setInterval(() => {
      seen = inspectProcess(child.pid) ?? seen;
      if (startedAt === undefined && existsSync(results)) {
        startedAt = Date.now();
        startCpu = seen?.cpu_ms ?? 0;
      }
      const overAt =
        startedAt === undefined ? spawnedAt + LOADING_SECONDS * 1000 : startedAt + capSeconds * 1000;
      if (Date.now() > overAt && !isCutOff) {
        isCutOff = true;
        child.kill('SIGKILL');
      }
    }, 500);
    child.on('error', (cause) => {
      clearInterval(timer);
      reject(new Error(`${child.spawnfile} cannot be started`, { cause }));
    });
    child.on('exit', (code) => {
      clearInterval(timer);
      const failed = `failed (exit code ${code}): ${stderr.trim().split('\n').at(-1)?.slice(0, 200)}`;
      resolve({
        ended: isCutOff ? 'cut off' : code === 0 ? 'finished' : failed,
        endAt: Date.now(),
        cpuMs: seen === null ? null : seen.cpu_ms - (startCpu ?? 0),
        peakRssMb: seen?.peak_rss_mb ?? null,
      });
    });
  });
}

/** The complete lines of a file that may end in the middle of one. */
function readLines(file) {
  if (!existsSync(file)) return [];
  const complete = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return complete.map((line) => JSON.parse(line));
}
