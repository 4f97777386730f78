import { quantile } from '../shared/figures.mjs';
import { expectedScore } from './samples.mjs';

/**
 * What a client did, by its own entries and by the simulator's ledger.
 *
 * - useful: an entry whose score is the rule's and that a whole reply of the simulator stands behind;
 * - made up: a number with no reply behind it (a fallback score);
 * - abstained: an entry without a number; lost: no entry; twice: more than one;
 * - wasted calls: refused with 429, or redundant (a second reply for the same sample, or one that the client hung up on).
 *   The faults that the simulator puts in are no client's doing and are listed beside them;
 * - allowed: the useful replies that the limit allows in this client's time: (rate · seconds + burst) · the share of
 *   admitted calls that were not faults in this run;
 * - sustained: the rate between the 10 % and the 90 % of useful verdicts over the rate the limit allows.
 */
export function evaluate(samples, run, ledger, limits) {
  const seconds = run.seconds;
  const truth = new Map(samples.map(({ id, truth: one }) => [id, expectedScore(one)]));
  const seen = new Map();
  for (const entry of run.entries) seen.set(entry.id, [...(seen.get(entry.id) ?? []), entry]);

  const useful = [];
  let abstained = 0;
  let madeUp = 0;
  let wrong = 0;
  const reasons = {};
  for (const [id, [entry]] of seen) {
    if (entry.score === null) {
      abstained++;
      const why = entry.why?.slice(0, 60) ?? 'no reason';
      reasons[why] = (reasons[why] ?? 0) + 1;
    } else if (!ledger.samples[id]?.useful) madeUp++;
    else if (entry.score === truth.get(id)) useful.push(entry);
    else wrong++;
  }
  const faults = ledger.malformed + ledger.error + ledger.reset + ledger.hang;
  const rate = allowedRate(limits, ledger);
  const usefulShare = 1 - ledger.fatedToFail / Math.max(1, ledger.admitted);
  const burst = limits === null ? 0 : (limits.requestsPerMinute / 60) * limits.burstSeconds;
  const allowed = rate === null ? null : (rate * seconds + burst) * usefulShare;
  const latencies = useful.map(({ id, at }) => (at - ledger.samples[id].firstAt) / 1000);
  const times = useful.map(({ at }) => at);
  const [from, to] = [quantile(times, 0.1), quantile(times, 0.9)];
  const sustained = to > from ? (0.8 * useful.length) / ((to - from) / 1000) : null;
  return {
    ended: run.ended,
    seconds,
    samples: samples.length,
    useful: useful.length,
    useful_per_second: useful.length / seconds,
    of_allowed: allowed === null ? null : useful.length / allowed,
    sustained_of_allowed: rate === null || sustained === null ? null : sustained / (rate * usefulShare),
    lost: samples.filter(({ id }) => !seen.has(id)).length,
    answered_twice: [...seen.values()].filter((entries) => entries.length > 1).length,
    abstained,
    abstention_reasons: reasons,
    made_up: madeUp,
    wrong,
    calls: ledger.calls,
    rejected_429: ledger.refused,
    redundant: ledger.redundant,
    wasted_share: (ledger.refused + ledger.redundant) / Math.max(1, ledger.calls),
    injected_faults: faults,
    distinct_prompts: ledger.distinctPrompts,
    peak_in_flight: ledger.peakInFlight,
    cpu_ms_per_call: run.cpuMs === null ? null : run.cpuMs / Math.max(1, ledger.calls),
    latency_p50_s: quantile(latencies, 0.5),
    latency_p99_s: quantile(latencies, 0.99),
    peak_rss_mb: run.peakRssMb,
  };
}

/** Calls a second that both limits allow: tokens by what an admitted call took on average in the end. */
function allowedRate(limits, { admitted, tokens }) {
  if (limits === null) return null;
  const perCall = (tokens.prompt + tokens.output) / Math.max(1, admitted);
  return Math.min(limits.requestsPerMinute / 60, limits.tokensPerMinute / 60 / Math.max(1, perCall));
}
