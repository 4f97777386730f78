/** One account and model of a provider, which all servers share. */
export interface Lane {
  /** `provider:model`, for messages. */
  model: string;
  /** Of one answer, in the mean. */
  calls: number;
  /** Of one call, as the provider counts it against a limit; null: not known. */
  tokens: number | null;
  requestsPerMinute: number | undefined;
  tokensPerMinute: number | undefined;
  /** Calls in flight at most, of one server. */
  concurrency: number;
}

/** What a fleet is asked for. */
export interface Demand {
  /** Answers that are sent to be judged at once, such as those of a training step. */
  answers: number;
  lanes: readonly Lane[];
  /** Seconds of one call: the median, and what 99 of 100 stay under. p50 ≤ p99. */
  latency: { p50: number; p99: number };
  /** Seconds of processor time that a server needs for an answer. */
  cpuSeconds: number;
  /** Answers of a group come one by one and are judged together: whoever gathers them must see them all. */
  gathers: boolean;
}

type Bottleneck = 'requests_per_minute' | 'tokens_per_minute' | 'concurrency' | 'processor' | 'latency';

export interface FleetPlan {
  /** Servers to begin with. */
  replicas: number;
  /** Servers beyond which another one judges nothing faster. */
  maxReplicas: number;
  /** Answers a second, once all are at work. */
  answersPerSecond: number;
  /** Seconds until 99 of 100 answers of the batch are judged. */
  seconds: number;
  /** What a batch waits for, and the model whose limit it is. */
  bottleneck: Bottleneck;
  model: string | null;
  /** `concurrency` with which that would not be the bottleneck at `replicas`. */
  concurrencyNeeded: number;
  /** Answers in flight at one server that fill its places for calls: with more of them another server helps. */
  inFlightTarget: number;
}

/** z of the 99th percentile of a normal distribution. */
const Z99 = 2.3263;
/** Of a processor: what is left over meets bursts, and garbage collection. */
const PROCESSOR_SHARE = 0.7;
/** The fewest, so that one of them may end. */
const FEWEST = 2;
/** What is chosen without asking anybody. */
const MOST = 16;
/** Where checks decide alone nothing is waited for, and requests in flight mean that the processor is busy. */
const UNJUDGED_IN_FLIGHT = 512;

/**
 * How many servers a batch and the provider's limits need.
 *
 * With λ the calls that a lane may start a second, min(requests/60, tokens/60/tokens of a call), c its calls an answer and W the
 * mean time of a call, all lanes let through μ = min λ/c answers a second. By Little's law (L = λW) a lane then has
 * L = c · min(answers, μW) calls in flight, whoever makes them. W is the mean of the log-normal distribution with the two given
 * quantiles: p50 · exp(σ²/2), σ = ln(p99/p50)/2.3263.
 *
 * A server is one processor: n is the rate that is wanted, min(μ, answers/W), times the processor time of an answer, over 0.7.
 * n servers with k places for calls judge r = min(μ, nk/(cW), 0.7n/cpu) answers a second, and a batch is judged after
 * (answers − rW)/r + p99, the first term being what waits for a place.
 */
export function planFleet({ answers, lanes, latency: ofCall, cpuSeconds, gathers }: Demand): FleetPlan {
  // Where checks decide alone nothing is waited for, and no rate is wanted: the fewest will do.
  const latency = lanes.length === 0 ? { p50: 0, p99: 0 } : ofCall;
  const sigma = lanes.length === 0 ? 0 : Math.log(latency.p99 / latency.p50) / Z99;
  const mean = latency.p50 * Math.exp(sigma ** 2 / 2);
  const limits = lanes.flatMap(limitsOf);
  const allowed = Math.min(Infinity, ...limits.map(({ rate }) => rate));
  const inFlight = Math.min(answers, allowed * mean);
  const wanted = lanes.length === 0 ? 0 : Math.min(allowed, answers / mean);
  const byProcessor = Math.ceil((wanted * cpuSeconds) / PROCESSOR_SHARE);
  const replicas = gathers ? 1 : Math.max(FEWEST, byProcessor);
  const places = lanes.map(({ model, calls, concurrency }) => ({
    what: 'concurrency' as const,
    model,
    rate: (replicas * concurrency) / (calls * mean),
  }));
  const processor = {
    what: 'processor' as const,
    model: null,
    rate: (replicas * PROCESSOR_SHARE) / cpuSeconds,
  };
  const slowest = [...limits, ...places, processor].reduce((a, b) => (b.rate < a.rate ? b : a));
  const waiting = answers - slowest.rate * mean;
  const isWhole = waiting <= 0;
  const enough = Math.max(
    1,
    ...lanes.map(({ calls, concurrency }) => Math.ceil((calls * inFlight) / concurrency)),
  );
  return {
    replicas,
    maxReplicas: gathers ? 1 : Math.max(replicas, Math.min(MOST, enough)),
    answersPerSecond: Math.min(slowest.rate, answers / mean),
    seconds: Math.max(0, waiting) / slowest.rate + latency.p99,
    bottleneck: isWhole ? 'latency' : slowest.what,
    model: isWhole ? null : slowest.model,
    concurrencyNeeded: Math.max(1, ...lanes.map(({ calls }) => Math.ceil((calls * inFlight) / replicas))),
    inFlightTarget: lanes.reduce(
      (fewest, { calls, concurrency }) => Math.max(1, Math.min(fewest, Math.floor(concurrency / calls))),
      UNJUDGED_IN_FLIGHT,
    ),
  };
}

/** Answers a second that the provider lets through, by each limit of a lane. */
function limitsOf({ model, calls, tokens, requestsPerMinute, tokensPerMinute }: Lane) {
  const rates: { what: Bottleneck; model: string | null; rate: number }[] = [];
  if (requestsPerMinute !== undefined) {
    rates.push({ what: 'requests_per_minute', model, rate: requestsPerMinute / 60 / calls });
  }
  if (tokensPerMinute !== undefined && tokens !== null) {
    rates.push({ what: 'tokens_per_minute', model, rate: tokensPerMinute / 60 / tokens / calls });
  }
  return rates;
}
