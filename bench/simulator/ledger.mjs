import { createHash } from 'node:crypto';

/**
 * What the simulator has seen: every call, what became of it, and which samples got a useful reply.
 *
 * @param burst requests that the limit lets through at once, for the report
 */
export function createLedger(burst) {
  const samples = new Map();
  const prompts = new Set();
  const counts = {
    calls: 0,
    admitted: 0,
    rejected: 0,
    rejectedByTokens: 0,
    useful: 0,
    redundant: 0,
    fatedToFail: 0,
    cancelled: 0,
    malformed: 0,
    serverError: 0,
    reset: 0,
    hang: 0,
  };
  const tokens = { prompt: 0, output: 0, reserved: 0 };
  let inFlight = 0;
  let peakInFlight = 0;
  let firstAt;
  let lastAt;
  const entryOf = (sample) => {
    const known = samples.get(sample);
    if (known) return known;
    const entry = { firstAt: Date.now(), calls: 0, admitted: 0, useful: 0, usefulAt: null };
    samples.set(sample, entry);
    return entry;
  };

  return {
    arrive(sample, prompt) {
      firstAt ??= Date.now();
      counts.calls++;
      entryOf(sample).calls++;
      prompts.add(createHash('sha1').update(prompt).digest('base64'));
    },
    reject(by) {
      counts.rejected++;
      if (by === 'tokens') counts.rejectedByTokens++;
    },
    /** @returns which of the sample's admitted calls this is, from 1. */
    admit(sample, { promptTokens, reserved }) {
      counts.admitted++;
      tokens.prompt += promptTokens;
      tokens.reserved += reserved;
      peakInFlight = Math.max(peakInFlight, ++inFlight);
      return ++entryOf(sample).admitted;
    },
    /** The simulator has decided not to give this call a useful reply. */
    decideToFail: () => counts.fatedToFail++,
    /**
     * @param outcome `reply`: a whole, useful reply went out; `cancelled`: the client hung up before its reply; else the
     *   fault. A useful reply for a sample that has one already, and a cancelled call that would have been useful, are
     *   redundant: the client paid for the same verdict twice.
     */
    settle(sample, outcome, { outputTokens = 0, wouldBeUseful = false } = {}) {
      inFlight--;
      lastAt = Date.now();
      tokens.output += outputTokens;
      const entry = entryOf(sample);
      if (outcome === 'reply') {
        if (entry.useful > 0) counts.redundant++;
        else counts.useful++;
        entry.useful++;
        entry.usefulAt ??= Date.now();
      } else {
        counts[outcome]++;
        if (outcome === 'cancelled' && wouldBeUseful) counts.redundant++;
      }
    },
    report: () => ({
      ...counts,
      burst,
      distinctPrompts: prompts.size,
      tokens,
      inFlight,
      peakInFlight,
      firstAt,
      lastAt,
      samples: Object.fromEntries(samples),
    }),
  };
}
