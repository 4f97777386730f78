import { metrics, type Attributes } from '@opentelemetry/api';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import type { Outcome } from '../scoring/outcome.js';
import { OPERATIONS } from './openapi.js';

/** What the server measures, and the text that Prometheus reads. */
export interface Telemetry {
  /** @returns what is called when the reply is written. */
  requestBegins(route: string, method: string): (status: number) => void;
  outcome(
    wire: string,
    outcome: Pick<Outcome, 'status'> & { reason?: string; score?: number; controlTokens?: number },
  ): void;
  /** Groups of answers that come one by one. */
  watchGroups(groups: { waiting: number; judged: Readonly<Record<string, number>> }): void;
  /** Everything measured so far, in Prometheus' text format. */
  expose(): Promise<string>;
  /** Makes it the place where all of this process measures, dispatch of judge calls included. */
  install(): void;
}

/** From a cached verdict to the longest that a trainer waits. */
const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
const TENTHS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

/** Collects when it is asked to, so that no second port is needed. */
class PullReader extends MetricReader {
  protected override onForceFlush = (): Promise<void> => Promise.resolve();
  protected override onShutdown = (): Promise<void> => Promise.resolve();
}

/** Instruments by OpenTelemetry's conventions for HTTP servers, and `touchstone.*` for what they do not know. */
export function createTelemetry(): Telemetry {
  const reader = new PullReader();
  const provider = new MeterProvider({ readers: [reader] });
  const meter = provider.getMeter('touchstone.serve');
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);

  const duration = meter.createHistogram('http.server.request.duration', {
    unit: 's',
    description: 'Duration of requests',
    advice: { explicitBucketBoundaries: SECONDS },
  });
  const active = meter.createUpDownCounter('http.server.active_requests', {
    description: 'Requests that are not answered yet',
  });
  // Known before the first request: whatever scales by it takes a figure that is not there for a fault.
  for (const { path, method } of OPERATIONS.filter(({ request }) => request !== undefined)) {
    active.add(0, { 'http.route': path, 'http.request.method': method.toUpperCase() });
  }
  const rewards = meter.createCounter('touchstone.rewards', {
    description: 'Samples by wire, status and reason of abstention',
  });
  const forged = meter.createCounter('touchstone.rewards.control_tokens', {
    description:
      'Samples whose answer holds control tokens of chat templates, by wire; the judge saw them broken',
  });
  const score = meter.createHistogram('touchstone.reward.score', {
    description: 'Scores of 0 to 1, by wire',
    advice: { explicitBucketBoundaries: TENTHS },
  });

  return {
    requestBegins(route, method) {
      const begun = performance.now();
      const attributes: Attributes = { 'http.route': route, 'http.request.method': method };
      active.add(1, attributes);
      return (status) => {
        active.add(-1, attributes);
        const seconds = (performance.now() - begun) / 1000;
        duration.record(seconds, { ...attributes, 'http.response.status_code': status });
      };
    },
    outcome(wire, outcome) {
      const reason = outcome.status === 'abstained' ? { reason: outcome.reason ?? '' } : {};
      rewards.add(1, { wire, status: outcome.status, ...reason });
      if (outcome.controlTokens !== undefined) forged.add(1, { wire });
      if (outcome.status === 'scored' && outcome.score !== undefined) score.record(outcome.score, { wire });
    },
    watchGroups(groups) {
      meter
        .createObservableGauge('touchstone.group.waiting', {
          description: 'Answers that wait for others of their group',
        })
        .addCallback((result) => result.observe(groups.waiting));
      meter
        .createObservableCounter('touchstone.group.judged', {
          description: 'Groups whose answers came one by one: whole, short of some, or made of late ones',
        })
        .addCallback((result) => {
          for (const [how, n] of Object.entries(groups.judged)) result.observe(n, { how });
        });
    },
    async expose() {
      const { resourceMetrics } = await reader.collect();
      return serializer.serialize(resourceMetrics);
    },
    install() {
      metrics.setGlobalMeterProvider(provider);
    },
  };
}
