import { appendFileSync, readFileSync } from 'node:fs';

/**
 * What a client process is asked to do, read from the file that its command line names.
 *
 * @returns {{
 *   url: string, results: string, samples: { id: string, document: string, response: string }[], warmUp: number, first?: number,
 *   seed: number, maxTokens: number, concurrency: number, timeoutSeconds: number, attempts: number,
 *   limits: { requestsPerMinute: number, tokensPerMinute: number } | null, peers: string,
 * }}
 */
export function readJob() {
  const job = JSON.parse(readFileSync(process.argv[2], 'utf8'));
  const lines = readFileSync(job.samples, 'utf8').trimEnd().split('\n').slice(0, job.first);
  return { ...job, samples: lines.map((line) => JSON.parse(line)) };
}

/**
 * Runs `score` on every sample of the job, the warm-up ones first and uncounted, and writes down each result as it comes
 * with the processor time (user and system, milliseconds) and the highest resident memory of this process.
 *
 * @param {(samples: object[], onDone: (id: string, score: number | null, why?: string) => void) => Promise<unknown>} score
 */
export async function work(job, score) {
  // What is measured by its processor time must not pay for writing; what may be cut off must write at once.
  const kept = [];
  const write = (line) =>
    job.warmUp > 0 ? kept.push(line) : appendFileSync(job.results, `${JSON.stringify(line)}\n`);
  if (job.warmUp > 0) await score(job.samples.slice(0, job.warmUp), () => {});
  const begin = process.cpuUsage();
  write({ event: 'start', at: Date.now() });
  await score(job.samples.slice(job.warmUp), (id, value, why) =>
    write({ id, score: value, at: Date.now(), ...(why === undefined ? {} : { why }) }),
  );
  const { user, system } = process.cpuUsage(begin);
  write({
    event: 'end',
    at: Date.now(),
    cpu_ms: (user + system) / 1000,
    peak_rss_mb: process.resourceUsage().maxRSS / 1024,
  });
  appendFileSync(job.results, kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
}
