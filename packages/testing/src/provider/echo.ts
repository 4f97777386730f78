import type { Clock } from '@touchstone/core';
import type { LanguageModel } from '@touchstone/spec';
import { drawnFates, NO_FAULTS, type Behaviour } from './fates.js';
import type { Limits } from './limits.js';
import { modelOf } from './model.js';
import { ProviderSimulator } from './provider.js';

export interface EchoOptions {
  clock: Clock;
  seed: number;
  latency?: Behaviour['latency'];
  faults?: Partial<Behaviour['faults']>;
  limits?: Limits | undefined;
  /** Milliseconds since the start between which every call fails with 503. */
  down?: readonly [number, number];
  /** What a reply reports. */
  outputTokens?: number;
  id?: string;
}

/** A provider in this process, on a clock, whose model says what it was asked. */
export function createEchoProvider(options: EchoOptions): {
  provider: ProviderSimulator;
  model: LanguageModel;
} {
  const { clock, seed, latency = { p50: 800, p99: 6000 }, faults, outputTokens = 10, id, ...rest } = options;
  const provider = new ProviderSimulator({
    ...rest,
    clock,
    respond: ({ prompt }) => ({ text: prompt, outputTokens }),
    fate: drawnFates({ latency, faults: { ...NO_FAULTS, ...faults } }, seed),
    roundTripMs: 20,
  });
  return { provider, model: modelOf(provider, id) };
}
