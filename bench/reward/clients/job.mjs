import { appendFileSync, readFileSync } from 'node:fs';

/**
 * What a client process is asked to do, read from the file that its command line names.
 *
 * @returns {{
 *   url: string, results: string, samples: { id: string, document: string, response: string }[], first?: number, passes?: number,
 *   request?: string, callsPerSecond?: number, seed: number, maxTokens: number, concurrency: number, timeoutSeconds: number, attempts: number,
 *   limits: { requestsPerMinute: number, tokensPerMinute: number } | null, peers: string,
 * }}
 */
export function readJob() {
  const job = JSON.parse(readFileSync(process.argv[2], 'utf8'));
  const lines = readFileSync(job.samples, 'utf8').trimEnd().split('\n').slice(0, job.first);
  return { ...job, samples: lines.map((line) => JSON.parse(line)) };
}

/**
 * Runs `score` on the samples of the job and writes down each result as it comes, and at the end the processor time (user
 * and system, milliseconds) and the highest resident memory of this process. With `passes`, the samples are scored that
 * often, after one pass that does not count, and nothing is written before the end: what is measured by its processor
 * time must not pay for that.
 *
 * @param {(samples: object[], onDone: (id: string, score: number | null, why?: string) => void) => Promise<unknown>} score
 */
export async function work(job, score) {
  const { passes } = job;
  const kept = [];
  const write = (line) =>
    passes === undefined ? appendFileSync(job.results, `${JSON.stringify(line)}\n`) : kept.push(line);
  if (passes !== undefined) await score(job.samples, () => {});
  const begin = process.cpuUsage();
  write({ event: 'start', at: Date.now() });
  for (let pass = 0; pass < (passes ?? 1); pass++) {
    await score(job.samples, (id, value, why) =>
      write({ id, score: value, at: Date.now(), ...(why === undefined ? {} : { why }) }),
    );
  }
  const { user, system } = process.cpuUsage(begin);
  write({
    event: 'end',
    at: Date.now(),
    cpu_ms: (user + system) / 1000,
    peak_rss_mb: process.resourceUsage().maxRSS / 1024,
  });
  appendFileSync(job.results, kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
}
