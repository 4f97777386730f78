import { random } from '@touchstone/spec';
import type { Asked } from './asked.js';

/**
 * What becomes of an admitted call: a reply, a spoilt reply, an error of the provider, a connection that is cut, or nothing
 * at all until the client hangs up.
 */
export interface Fate {
  kind: 'reply' | 'malformed' | 'error' | 'reset' | 'hang';
  /** Default 0: after a turn of the event loop. */
  latencyMs?: number;
  /** 0–1, for the ways in which a reply can be malformed; see `spoil`. Default 0.5: prose without a verdict. */
  variant?: number;
  /** Of an error; default 503. */
  status?: number;
  /** Of an error: what the provider calls it, such as `insufficient_quota`, and says of it. */
  code?: string;
  message?: string;
  /** Of an error: what the body is, whatever the wire; with status 200 an error inside a success. */
  body?: unknown;
  /** Of an error: more headers. */
  headers?: Record<string, string>;
}

/** An admitted call. */
export interface Call {
  /** Of all calls so far, refused ones too, from 1. */
  n: number;
  /** What it is about: see `ProviderOptions.sampleOf`. */
  sample: string;
  /** Of the admitted calls about this sample, from 1. */
  attempt: number;
  asked: Asked;
}

export type FateOf = (call: Call) => Fate | Promise<Fate>;

export interface Behaviour {
  /** Two quantiles of a log-normal distribution, milliseconds. */
  latency: { p50: number; p99: number };
  /** Shares of admitted calls, 0–1. */
  faults: Record<Exclude<Fate['kind'], 'reply'>, number>;
}

export const NO_FAULTS: Behaviour['faults'] = { error: 0, reset: 0, hang: 0, malformed: 0 };

/** As a hosted model behaves on an ordinary day. */
export const PRODUCTION: Behaviour = {
  latency: { p50: 800, p99: 6000 },
  faults: { error: 0.02, reset: 0.01, hang: 0.01, malformed: 0.03 },
};

/** z of the 99th percentile of a standard normal. */
const Z99 = 2.3263478740408408;

/**
 * Fates by chance. One depends on the seed, the sample and the attempt alone, so that every client meets the same fate with
 * the same call, whatever order it sends them in.
 */
export function drawnFates(
  { latency, faults }: Behaviour,
  seed: number,
): (call: Omit<Call, 'n' | 'asked'>) => Fate {
  const sigma = Math.log(latency.p99 / latency.p50) / Z99;
  return ({ sample, attempt }) => {
    const draw = random(seed, 'fate', sample, attempt);
    const latencyMs = latency.p50 * Math.exp(sigma * draw.normal());
    let left = draw.next();
    const variant = draw.next();
    for (const kind of ['error', 'reset', 'hang', 'malformed'] as const) {
      if (left < faults[kind]) return { kind, latencyMs, variant };
      left -= faults[kind];
    }
    return { kind: 'reply', latencyMs, variant };
  };
}

/**
 * A reply spoilt in one of four ways: cut off at the token limit, cut off without saying so, prose without a verdict, a
 * score that is not on the scale.
 */
export function spoil(text: string, variant: number): { text: string; finish: 'stop' | 'length' } {
  const cut = text.slice(0, Math.max(1, Math.floor(text.length * (0.2 + 0.6 * ((variant * 4) % 1)))));
  if (variant < 0.25) return { text: cut, finish: 'length' };
  if (variant < 0.5) return { text: cut, finish: 'stop' };
  if (variant < 0.75)
    return { text: 'I have read the document with care and I find the finding convincing.', finish: 'stop' };
  return { text: text.replace(/:(true|false)/g, ':"perhaps"'), finish: 'stop' };
}
