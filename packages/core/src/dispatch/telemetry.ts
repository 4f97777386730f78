import {
  context,
  metrics,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
} from '@opentelemetry/api';
import { ProviderError, type LanguageModel, type ModelReply, type ModelRequest } from '@touchstone/spec';
import { PROVIDERS } from '../providers/table.js';

/**
 * What dispatch tells OpenTelemetry, by the GenAI semantic conventions (still "development": their names are all in
 * this file). Nothing happens without an SDK. No key is ever told; prompts and replies only where
 * OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT is `true`.
 */
export interface Telemetry {
  /** Runs a whole call, retries and waits included, in a span. `key` is its idempotency key. */
  call<T extends { error?: ProviderError | undefined }>(
    model: LanguageModel,
    key: string,
    run: () => Promise<T>,
  ): Promise<T>;
  /** Runs one HTTP request in a span. */
  attempt(model: LanguageModel, request: ModelRequest, run: () => Promise<ModelReply>): Promise<ModelReply>;
  /** A request leaves; `limit` is how many may be on their way at the moment. */
  started(model: LanguageModel, about: { waitedMs: number; isHedge: boolean; limit: number }): void;
  /** It has ended, and may have cost this many US dollars. */
  ended(model: LanguageModel, money: number): void;
  retried(model: LanguageModel, error: ProviderError): void;
  failedOver(from: LanguageModel, to: LanguageModel): void;
  /** A call was answered without paying: from a cache, or by an identical call in flight. */
  saved(model: LanguageModel, source: 'cache' | 'in-flight'): void;
}

const SCOPE = 'touchstone';
const DURATION_BOUNDARIES = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
const TOKEN_BOUNDARIES = Array.from({ length: 14 }, (_, i) => 4 ** i);
/** Our provider names in the words of the conventions. */
const PROVIDER_NAMES: ReadonlyMap<string, string> = new Map(
  PROVIDERS.map(({ name, telemetryName }) => [name, telemetryName ?? name]),
);

const captureContent = (): boolean =>
  process.env['OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT']?.toLowerCase() === 'true';

export function createTelemetry(): Telemetry {
  // Made with the first call: an SDK that is registered after this module was loaded counts too.
  let made: ReturnType<typeof createInstruments> | undefined;
  const instruments = (): ReturnType<typeof createInstruments> => (made ??= createInstruments());
  const tracer = trace.getTracer(SCOPE);

  return {
    async call(model, key, run) {
      const span = tracer.startSpan('touchstone.call', {
        attributes: { 'touchstone.call.key': key, ...identity(model) },
      });
      return within(span, async () => {
        const result = await run();
        if (result.error) {
          instruments().abstentions.add(1, {
            ...identity(model),
            'touchstone.abstention.reason': result.error.reason,
          });
          fail(span, result.error);
        }
        return result;
      });
    },
    async attempt(model, request, run) {
      const about = { 'gen_ai.operation.name': 'chat', ...identity(model) };
      const span = tracer.startSpan(`chat ${about['gen_ai.request.model']}`, {
        kind: SpanKind.CLIENT,
        attributes: { ...about, ...describeRequest(request) },
      });
      // Where nobody listens, not even the environment is read: that alone takes longer than the rest of this.
      if (span.isRecording()) span.setAttributes(contentOf(request));
      const startedAt = performance.now();
      const took = (more: Attributes): void =>
        instruments().duration.record((performance.now() - startedAt) / 1000, { ...about, ...more });
      return within(span, async () => {
        try {
          const reply = await run();
          if (span.isRecording()) span.setAttributes(describeReply(reply));
          took({});
          instruments().tokens.record(reply.inputTokens, { ...about, 'gen_ai.token.type': 'input' });
          instruments().tokens.record(reply.outputTokens, { ...about, 'gen_ai.token.type': 'output' });
          return reply;
        } catch (error) {
          took({ 'error.type': errorType(error) });
          fail(span, error);
          throw error;
        }
      });
    },
    started(model, { waitedMs, isHedge, limit }) {
      const about = identity(model);
      instruments().waits.record(waitedMs / 1000, about);
      instruments().inFlight.add(1, about);
      instruments().limit.record(limit, about);
      if (isHedge) instruments().hedges.add(1, about);
    },
    ended(model, money) {
      instruments().inFlight.add(-1, identity(model));
      if (money > 0) instruments().money.add(money, identity(model));
    },
    retried: (model, error) =>
      instruments().retries.add(1, { ...identity(model), 'error.type': errorType(error) }),
    failedOver: (from, to) =>
      instruments().failovers.add(1, { ...identity(from), 'touchstone.fallback.model': to.id }),
    saved: (model, source) =>
      instruments().saved.add(1, { ...identity(model), 'touchstone.saved.source': source }),
  };
}

function createInstruments() {
  const meter = metrics.getMeter(SCOPE);
  const seconds = { unit: 's', advice: { explicitBucketBoundaries: DURATION_BOUNDARIES } };
  return {
    duration: meter.createHistogram('gen_ai.client.operation.duration', {
      ...seconds,
      description: 'Time of one request to a model',
    }),
    tokens: meter.createHistogram('gen_ai.client.token.usage', {
      unit: '{token}',
      description: 'Tokens of one request to a model',
      advice: { explicitBucketBoundaries: TOKEN_BOUNDARIES },
    }),
    waits: meter.createHistogram('touchstone.call.wait', {
      ...seconds,
      description: 'Time a request waited for its turn',
    }),
    retries: meter.createCounter('touchstone.call.retries', {
      unit: '{attempt}',
      description: 'Attempts after a failed one',
    }),
    hedges: meter.createCounter('touchstone.call.hedges', {
      unit: '{attempt}',
      description: 'Second requests for stragglers',
    }),
    failovers: meter.createCounter('touchstone.call.failovers', {
      unit: '{call}',
      description: 'Calls that went on to another model',
    }),
    saved: meter.createCounter('touchstone.call.saved', {
      unit: '{call}',
      description: 'Calls answered by a cache or by an identical call in flight',
    }),
    abstentions: meter.createCounter('touchstone.abstentions', {
      unit: '{call}',
      description: 'Calls without a reply, by reason',
    }),
    money: meter.createCounter('touchstone.cost', {
      unit: 'USD',
      description: 'Money spent, by the declared prices',
    }),
    inFlight: meter.createUpDownCounter('touchstone.calls.in_flight', {
      unit: '{request}',
      description: 'Requests on their way',
    }),
    limit: meter.createGauge('touchstone.concurrency.limit', {
      unit: '{request}',
      description: 'Requests that may be on their way now',
    }),
  };
}

/** Runs `work` with `span` as the current one, and ends it. */
async function within<T>(span: Span, work: () => Promise<T>): Promise<T> {
  const inside: Context = trace.setSpan(context.active(), span);
  try {
    return await context.with(inside, work);
  } finally {
    span.end();
  }
}

const identities = new WeakMap<LanguageModel, ReturnType<typeof identify>>();

function identity(model: LanguageModel) {
  const known = identities.get(model) ?? identify(model);
  identities.set(model, known);
  return known;
}

function identify({ id }: LanguageModel) {
  const colon = id.indexOf(':');
  const provider = id.slice(0, Math.max(0, colon));
  return {
    'gen_ai.provider.name': PROVIDER_NAMES.get(provider) ?? provider,
    'gen_ai.request.model': id.slice(colon + 1),
  };
}

function describeRequest(request: ModelRequest): Attributes {
  return {
    'gen_ai.request.max_tokens': request.maxOutputTokens,
    ...(request.temperature === null ? {} : { 'gen_ai.request.temperature': request.temperature }),
    'gen_ai.request.seed': request.seed,
    'gen_ai.output.type': request.schema ? 'json' : 'text',
  };
}

function contentOf({ messages }: ModelRequest): Attributes {
  if (!captureContent()) return {};
  const told = messages.map(({ role, content }) => ({ role, parts: [{ type: 'text', content }] }));
  return { 'gen_ai.input.messages': JSON.stringify(told) };
}

function describeReply(reply: ModelReply): Attributes {
  return {
    'gen_ai.response.finish_reasons': [reply.finish],
    'gen_ai.usage.input_tokens': reply.inputTokens,
    'gen_ai.usage.output_tokens': reply.outputTokens,
    ...(reply.cachedInputTokens === undefined
      ? {}
      : { 'gen_ai.usage.cache_read.input_tokens': reply.cachedInputTokens }),
    ...(captureContent()
      ? {
          'gen_ai.output.messages': JSON.stringify([
            {
              role: 'assistant',
              parts: [{ type: 'text', content: reply.text }],
              finish_reason: reply.finish,
            },
          ]),
        }
      : {}),
  };
}

function errorType(error: unknown): string {
  if (error instanceof ProviderError) return String(error.status ?? error.reason);
  return error instanceof Error ? error.name : 'unknown';
}

function fail(span: Span, error: unknown): void {
  span.setAttribute('error.type', errorType(error));
  const message = error instanceof ProviderError ? error.message : errorType(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}
