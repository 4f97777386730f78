import type { IncomingMessage } from 'node:http';
import { mapInSlices, type Meant, type RewardFunction } from '@touchstone/core';
import type { AbstentionPolicy } from '@touchstone/spec';
import { ADAPTERS, type Adapter } from '../adapters/index.js';
import { toFloatJson } from '../adapters/float-json.js';
import { scoreNovaEvent, type NovaOptions } from '../function/nova/score.js';
import type { Rendezvous } from '../rendezvous/rendezvous.js';
import { createJudgeWatch } from '../scoring/judge-watch.js';
import { createReferenceWatch } from '../scoring/lost-reference.js';
import type { Report } from '../scoring/notice.js';
import type { Outcome } from '../scoring/outcome.js';
import { noticeOf } from '../scoring/score-within.js';
import { answerCall, assertFewSamples, readCallOptions } from './answer.js';
import { readJsonBody } from './body.js';
import { countOf, promptOf, reportLacking, type Counts } from './log.js';
import { createLoad } from './load.js';
import { openApiDocument } from './openapi.js';
import { Refusal } from './refusal.js';
import type { Telemetry } from './telemetry.js';

/** One request on its way. */
export interface Exchange {
  request: IncomingMessage;
  /** Number of the request in this process. */
  number: number;
  query: URLSearchParams;
  /** Aborts when it has been answered or the client has hung up, and when the server's time to end is over. */
  signal: AbortSignal;
  /** Filled in when samples were judged. */
  counts?: Counts;
}

/** Text is sent as it is, anything else as JSON. */
export class Text {
  constructor(
    readonly text: string,
    readonly type: string,
  ) {}
}

export type Handler = (exchange: Exchange) => Promise<unknown>;

/** What is said of the judge's certificate. */
export interface CertificateNotice {
  hash: string;
  /** Where its gate asked less than the default one, in words; null: nowhere. */
  eased: string | null;
}

export interface Handling {
  reward: RewardFunction;
  rendezvous: Rendezvous;
  groupSize: number | undefined;
  groupWaitMs: number;
  policy: AbstentionPolicy;
  meant: Meant;
  novaRange: NovaOptions['range'];
  logPrompts: boolean;
  report: Report;
  telemetry: Telemetry;
  ready: () => string | undefined | Promise<string | undefined>;
  /** The server takes no new requests, or soon will not. */
  isEnding: () => boolean;
  /** Null: the judge has none. */
  certificate: CertificateNotice | null;
}

const healthOf = ({ certificate }: Handling) => ({
  status: 'ok',
  certificate: certificate?.hash ?? null,
  certificate_eased: certificate?.eased ?? null,
});

/** What answers each path, by the operation's name. */
export function createHandlers(handling: Handling): ReadonlyMap<string, Handler> {
  const { reward, rendezvous, policy, meant, report, telemetry, logPrompts } = handling;
  const watch = createJudgeWatch();
  const seeReference = createReferenceWatch(meant, report);
  const load = createLoad();
  const bodyOf = ({ request, signal }: Exchange): Promise<unknown> =>
    readJsonBody(request, load.takeOn(signal));

  function judge(adapter: Adapter): Handler {
    return async (exchange) => {
      const asked = readCallOptions(exchange.query);
      const { reply, judged } = await answerCall(
        adapter,
        await bodyOf(exchange),
        // Who is still to come when the server ends will not come.
        { reward, rendezvous, policy, meant, groupWaitMs: handling.isEnding() ? 0 : handling.groupWaitMs },
        { ...asked, groupSize: asked.groupSize ?? handling.groupSize },
        exchange.signal,
      );
      exchange.counts = countOf(judged.map(({ outcome }) => outcome.status));
      await mapInSlices(judged, (one) => {
        reportLacking(one, report, { request: exchange.number, logPrompts });
        watch.see(one.outcome);
        seeReference(adapter.name, one.rollout);
        telemetry.outcome(adapter.name, one.outcome);
      });
      return adapter.floats ? new Text(toFloatJson(reply()), 'application/json') : reply();
    };
  }

  const nova: Handler = async (exchange) => {
    const { deadlineMs = Infinity } = readCallOptions(exchange.query);
    const statuses: Outcome['status'][] = [];
    const event = await bodyOf(exchange);
    assertFewSamples(Array.isArray(event) ? event.length : 1);
    const results = await scoreNovaEvent(event, reward, {
      deadlineMs,
      signal: exchange.signal,
      // The wire must carry a number.
      abstention: policy === 'group-mean' ? 'group-mean' : 'neutral',
      range: handling.novaRange,
      report: () => {}, // Told below, with the prompt where that is wanted.
      onSample({ id, rollout }, outcome) {
        statuses.push(outcome.status);
        watch.see(outcome);
        seeReference('nova', rollout && { ...rollout, id: `${id}` });
        telemetry.outcome('nova', outcome);
        const notice = noticeOf(id, outcome);
        if (notice === undefined) return;
        report({
          ...notice,
          request: exchange.number,
          ...(logPrompts && rollout ? promptOf(rollout) : {}),
        });
      },
    });
    exchange.counts = countOf(statuses);
    return results;
  };

  const ready: Handler = async () => {
    const problem = handling.isEnding()
      ? 'the server is ending'
      : (watch.problem() ?? (await handling.ready()));
    if (problem !== undefined) throw new Refusal(503, problem);
    return { status: 'ready' };
  };

  return new Map<string, Handler>([
    ...ADAPTERS.map((adapter): [string, Handler] => [adapter.name, judge(adapter)]),
    ...ADAPTERS.flatMap(({ formalities = [] }) =>
      formalities.map(({ name, says }): [string, Handler] => [name, () => Promise.resolve(says)]),
    ),
    ['nova', nova],
    ['health', () => Promise.resolve(healthOf(handling))],
    ['ready', ready],
    ['metrics', async () => new Text(await telemetry.expose(), 'text/plain; version=0.0.4; charset=utf-8')],
    ['openapi', () => Promise.resolve(openApiDocument())],
  ]);
}
