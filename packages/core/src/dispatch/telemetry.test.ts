import { context, metrics, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';
import { ProviderError, type LanguageModel } from '@touchstone/spec';
import { AsyncLocalStorage } from 'node:async_hooks';
import { createVirtualClock } from '@touchstone/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createDispatcher } from './dispatcher.js';

const exporter = new InMemorySpanExporter();
/** What was measured, by instrument, as a meter provider of an SDK would get it. */
let measured: { name: string; value: number; attributes: Record<string, unknown> }[] = [];

/** A global is set once: what another file set in this process must go first. */
function disableGlobals(): void {
  trace.disable();
  metrics.disable();
  context.disable();
}

beforeEach(() => {
  disableGlobals();
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
  const instrument = (name: string) => {
    const note = (value: number, attributes: Record<string, unknown>): void =>
      void measured.push({ name, value, attributes });
    return { add: note, record: note };
  };
  const meter = {
    createHistogram: instrument,
    createCounter: instrument,
    createUpDownCounter: instrument,
    createGauge: instrument,
  };
  metrics.setGlobalMeterProvider({ getMeter: () => meter } as never);
  const active = new AsyncLocalStorage<ReturnType<typeof context.active>>();
  context.setGlobalContextManager({
    active: () => active.getStore() ?? ROOT_CONTEXT,
    with: (inside, work, self, ...args) => active.run(inside, () => work.call(self as never, ...args)),
    bind: (_, target) => target,
    enable() {
      return this;
    },
    disable() {
      return this;
    },
  });
});
afterEach(() => {
  vi.unstubAllEnvs();
  exporter.reset();
  measured = [];
  disableGlobals();
});

/** Fails with what is in the list, then answers. */
const model = (...failures: ProviderError[]): LanguageModel => ({
  id: 'openai-compatible:m:large',
  version: '1',
  structuredOutput: true,
  generate: () => {
    const failure = failures.shift();
    if (failure) return Promise.reject(failure);
    return Promise.resolve({
      text: 'a secret verdict',
      finish: 'stop',
      inputTokens: 100,
      outputTokens: 10,
      cachedInputTokens: 60,
    });
  },
});
const request = {
  messages: [{ role: 'user' as const, content: 'a secret contract' }],
  maxOutputTokens: 64,
  temperature: 0.5,
  seed: 7,
};
const refused = () => new ProviderError('no', { reason: 'rate-limit', isRetryable: true, status: 429 });
const open = (clock = createVirtualClock()) => ({
  clock,
  ...createDispatcher({
    concurrency: 1,
    timeout_seconds: 1,
    attempts: 3,
    seed: 1,
    clock,
    price: { input: 1, output: 10 },
  }),
});
const spans = (name: string): ReadableSpan[] =>
  exporter.getFinishedSpans().filter((span) => span.name === name);
const sum = (name: string): number =>
  measured.filter((one) => one.name === name).reduce((total, { value }) => total + value, 0);

it('tells each request and the call around it by the GenAI conventions', async () => {
  const { call, clock } = open();
  await clock.run(call(model(refused()), request, 'key-1'));
  const [failed, succeeded] = spans('chat m:large');
  const [whole] = spans('touchstone.call');
  for (const span of [failed!, succeeded!]) {
    expect(span.kind).toBe(SpanKind.CLIENT);
    expect(span.parentSpanContext?.spanId).toBe(whole!.spanContext().spanId);
    expect(span.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'm:large',
      'gen_ai.request.max_tokens': 64,
      'gen_ai.request.temperature': 0.5,
      'gen_ai.request.seed': 7,
    });
  }
  expect(failed!.status.code).toBe(SpanStatusCode.ERROR);
  expect(failed!.attributes['error.type']).toBe('429');
  expect(succeeded!.attributes).toMatchObject({
    'gen_ai.response.finish_reasons': ['stop'],
    'gen_ai.usage.input_tokens': 100,
    'gen_ai.usage.output_tokens': 10,
    'gen_ai.usage.cache_read.input_tokens': 60,
  });
  expect(whole!.attributes['touchstone.call.key']).toBe('key-1');

  expect(measured.filter(({ name }) => name === 'gen_ai.client.operation.duration')).toHaveLength(2);
  expect(measured.filter(({ name }) => name === 'gen_ai.client.token.usage')).toMatchObject([
    { value: 100, attributes: { 'gen_ai.token.type': 'input' } },
    { value: 10, attributes: { 'gen_ai.token.type': 'output' } },
  ]);
  expect(sum('touchstone.call.retries')).toBe(1);
  expect(sum('touchstone.calls.in_flight')).toBe(0);
  expect(sum('touchstone.cost')).toBeCloseTo(200 / 1e6, 12);
});

it('tells what was saved, and why a call has no reply', async () => {
  const { call, clock } = open();
  const good = model();
  await clock.run(Promise.all([call(good, request, 'a'), call(good, request, 'a')]));
  const broken = new ProviderError('no', { reason: 'transport', isRetryable: false, status: 400 });
  await clock.run(call(model(broken), request, 'b'));
  expect(measured.filter(({ name }) => name === 'touchstone.call.saved')).toMatchObject([
    { value: 1, attributes: { 'touchstone.saved.source': 'in-flight' } },
  ]);
  expect(measured.filter(({ name }) => name === 'touchstone.abstentions')).toMatchObject([
    { value: 1, attributes: { 'touchstone.abstention.reason': 'transport' } },
  ]);
  expect(spans('touchstone.call').at(-1)!.status.code).toBe(SpanStatusCode.ERROR);
});

it('holds prompts and replies only when it was asked to', async () => {
  const everything = (): string =>
    JSON.stringify([measured, exporter.getFinishedSpans().map((span) => [span.name, span.attributes])]);
  const { call, clock } = open();
  await clock.run(call(model(), request, 'a'));
  expect(everything()).not.toContain('secret');
  vi.stubEnv('OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT', 'true');
  await clock.run(call(model(), request, 'b'));
  const { attributes } = spans('chat m:large').at(-1)!;
  expect(JSON.parse(String(attributes['gen_ai.input.messages']))).toEqual([
    { role: 'user', parts: [{ type: 'text', content: 'a secret contract' }] },
  ]);
  expect(JSON.parse(String(attributes['gen_ai.output.messages']))).toEqual([
    { role: 'assistant', parts: [{ type: 'text', content: 'a secret verdict' }], finish_reason: 'stop' },
  ]);
});
