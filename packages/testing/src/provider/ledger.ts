import { createHash } from 'node:crypto';
import type { Fate } from './fates.js';

/** What became of a call: a whole reply went out, a fault, or the client hung up before its reply. */
export type Outcome = Fate['kind'] | 'refused' | 'cancelled';

interface SampleEntry {
  /** Milliseconds since the epoch of the clock. */
  firstAt: number;
  admitted: number;
  /** Whole replies that were sent: what a provider would bill. */
  useful: number;
}

/** What the provider has seen: every call, what became of it, and which samples got a useful reply. */
export class Ledger {
  readonly counts = {
    calls: 0,
    admitted: 0,
    /** First useful replies to a sample. */
    useful: 0,
    /**
     * Replies to a sample that had a useful one, and calls that the client hung up on though a useful one was coming: it
     * pays for the same verdict twice.
     */
    redundant: 0,
    /** Admitted calls that the provider decided not to give a useful reply. */
    fatedToFail: 0,
    refused: 0,
    cancelled: 0,
    malformed: 0,
    error: 0,
    reset: 0,
    hang: 0,
  };
  readonly tokens = { prompt: 0, output: 0 };
  readonly samples = new Map<string, SampleEntry>();
  /** When each call came. */
  readonly arrivals: number[] = [];
  inFlight = 0;
  peakInFlight = 0;
  readonly #prompts = new Set<string>();

  /** @returns which of all calls this is, from 1. */
  arrive(sample: string, prompt: string, now: number): number {
    this.inFlight++;
    this.arrivals.push(now);
    this.#prompts.add(createHash('sha1').update(prompt).digest('base64'));
    if (!this.samples.has(sample)) this.samples.set(sample, { firstAt: now, admitted: 0, useful: 0 });
    return ++this.counts.calls;
  }

  /** @returns which of the sample's admitted calls this is, from 1. */
  admit(sample: string, promptTokens: number): number {
    this.counts.admitted++;
    this.tokens.prompt += promptTokens;
    this.peakInFlight = Math.max(this.peakInFlight, this.inFlight);
    return ++this.samples.get(sample)!.admitted;
  }

  /** @param wouldBeUseful of a cancelled call. */
  settle(sample: string, outcome: Outcome, { outputTokens = 0, wouldBeUseful = false } = {}): void {
    this.inFlight--;
    this.tokens.output += outputTokens;
    if (outcome === 'reply') {
      this.counts[this.samples.get(sample)!.useful++ > 0 ? 'redundant' : 'useful']++;
    } else {
      this.counts[outcome]++;
      if (wouldBeUseful) this.counts.redundant++;
    }
  }

  /** As JSON. */
  report() {
    const { counts, tokens, inFlight, peakInFlight, samples, arrivals } = this;
    return {
      ...counts,
      distinctPrompts: this.#prompts.size,
      tokens,
      inFlight,
      peakInFlight,
      samples: Object.fromEntries(samples),
      arrivals,
    };
  }
}
