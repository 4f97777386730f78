import { spawn } from 'node:child_process';
import { spread } from '../shared/figures.mjs';
import { expectedScore } from '../reward/samples.mjs';
import { createMemoryLimit } from './memory-limit.mjs';

/**
 * Runs a function several times, each in a fresh process under the memory limit, and gathers what it cost. A process that
 * the limit ended is counted as killed.
 */
export async function measureFunction({ command: [program, args], env, rounds, limitMib, samples }) {
  const runs = [];
  const groupPeaks = [];
  let killed = 0;
  let enforced = true;
  for (let round = 0; round < rounds; round++) {
    const limit = createMemoryLimit(limitMib * 2 ** 20);
    const isLimited = !('unavailable' in limit);
    enforced &&= isLimited;
    const { output, signal, code, stderr } = await run(
      ...(isLimited ? limit.wrap(program, args) : [program, args]),
      env,
    );
    if (isLimited) {
      const peak = limit.peakBytes();
      if (peak !== null) groupPeaks.push(peak / 2 ** 20);
      limit.release();
    }
    if (signal === 'SIGKILL' || code === 137) killed++;
    else if (code !== 0) throw new Error(`${program} ended with exit code ${code}: ${stderr.slice(-500)}`);
    // The function's log comes before.
    else runs.push(JSON.parse(output.trim().split('\n').at(-1)));
  }
  const truth = new Map(samples.map(({ id, truth: one }) => [id, expectedScore(one)]));
  const right = (results) =>
    results.filter(({ id, aggregate_reward_score: score }) => truth.get(id) === score);
  return {
    rounds,
    killed_by_limit: killed,
    limit: enforced ? `control group, ${limitMib} MiB` : 'not enforced: no control group can be made here',
    entries: spread(
      runs.map(({ results }) => results.length),
      0,
    ),
    right: spread(
      runs.map(({ results }) => right(results).length),
      0,
    ),
    import_cpu_ms: spread(
      runs.map((one) => one.import_cpu_ms),
      1,
    ),
    first_call_cpu_ms: spread(
      runs.map((one) => one.first_call_cpu_ms),
      1,
    ),
    import_and_first_cpu_ms: spread(
      runs.map((one) => one.import_cpu_ms + one.first_call_cpu_ms),
      1,
    ),
    event_cpu_ms: spread(
      runs.map((one) => one.event_cpu_ms),
      1,
    ),
    event_seconds: spread(
      runs.map((one) => one.event_seconds),
      2,
    ),
    bare_runtime_rss_mb: spread(
      runs.map(({ rss_mb }) => rss_mb.bare_runtime),
      1,
    ),
    after_import_rss_mb: spread(
      runs.map(({ rss_mb }) => rss_mb.after_import),
      1,
    ),
    peak_rss_mb: spread(
      runs.map(({ rss_mb }) => rss_mb.peak),
      1,
    ),
    control_group_peak_mb: spread(groupPeaks, 1),
  };
}

function run(program, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child
      .on('error', (cause) => reject(new Error(`${program} cannot be started`, { cause })))
      .on('close', (code, signal) => resolve({ output, stderr, code, signal }));
  });
}
