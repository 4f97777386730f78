import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RewardFunction } from '@touchstone/core';
import { InputError, type AbstentionPolicy } from '@touchstone/spec';
import type { NovaOptions } from '../function/nova/score.js';
import { createRendezvous } from '../rendezvous/rendezvous.js';
import { reportToStderr, type Report } from '../scoring/notice.js';
import { admit, isLoopback } from './access.js';
import { createDrain } from './drain.js';
import { createHandlers, Text, type Exchange } from './handlers.js';
import type { RequestRecord } from './log.js';
import { OPERATIONS } from './openapi.js';
import { Refusal } from './refusal.js';
import { createTelemetry, type Telemetry } from './telemetry.js';

export interface RewardServerOptions {
  reward: RewardFunction;
  /** What requests must carry; see `admit`. Without it the server listens on loopback only. */
  key?: string | undefined;
  /** No key is needed though others can reach the server: something in front of it lets in who may. */
  isOpen?: boolean;
  /**
   * What a sample without a score becomes on a wire that must carry a number: `neutral` (default, and for `mask`) is 0.5,
   * `group-mean` the mean of its group as far as it is known, `fail` the status 503 on every wire that has no word for it.
   */
  abstention?: AbstentionPolicy;
  /** What scores of 0 and 1 become on AWS's wire, `POST /`. Default: 0 and 1. */
  novaRange?: NovaOptions['range'];
  /** Answers of a group that come one by one are judged together; how many there are. Default: as requests say. */
  groupSize?: number | undefined;
  /** Milliseconds an answer waits for the others of its group. Default: 30 s. */
  groupWaitMs?: number;
  /** Why no traffic should come now, for `GET /ready`; undefined when it may. */
  ready?: () => string | undefined | Promise<string | undefined>;
  /** Told of samples without a score and of faults. Default: a JSON line on standard error each. */
  report?: Report;
  /** Told of every answered request but those for health and measurements. */
  log?: (record: RequestRecord) => void;
  /** Notices of samples without a score hold the prompt and the answer. */
  logPrompts?: boolean;
  telemetry?: Telemetry;
}

export interface RewardServer {
  /**
   * Starts to listen. Port 0 takes a free one.
   *
   * @returns the address, `http://host:port`.
   * @throws {InputError} when the host can be reached from elsewhere and there is no key, or the port cannot be had.
   */
  listen(at: { host: string; port: number }): Promise<string>;
  /**
   * Takes no new requests, answers those in work, then ends.
   *
   * @param afterMs goes on taking requests this long while `GET /ready` says no, so that a load balancer looks away first.
   */
  close(afterMs?: number): Promise<void>;
}

const GROUP_WAIT_MS = 30_000;
/** Asked every few seconds; a line for each would bury the others. */
const UNLOGGED = new Set(['health', 'ready', 'metrics']);

/**
 * The reward function over HTTP, on the wires of several trainers: see `OPERATIONS`, or `GET /openapi.json` of a running
 * server. Errors are `{"error": {"message", "problems"?}}`.
 */
export function createRewardServer(options: RewardServerOptions): RewardServer {
  const { reward, key, isOpen = false, report = reportToStderr, log = () => {} } = options;
  const telemetry = options.telemetry ?? createTelemetry();
  const rendezvous = createRendezvous({ reward });
  telemetry.watchGroups(rendezvous);
  let isEnding = false;
  const handlers = createHandlers({
    reward,
    rendezvous,
    groupSize: options.groupSize,
    groupWaitMs: options.groupWaitMs ?? GROUP_WAIT_MS,
    policy: options.abstention ?? 'neutral',
    novaRange: options.novaRange,
    logPrompts: options.logPrompts ?? false,
    report,
    telemetry,
    ready: options.ready ?? (() => undefined),
    isEnding: () => isEnding,
  });
  const operations = new Map(OPERATIONS.map((operation) => [operation.path, operation]));
  let requests = 0;

  async function answer(exchange: Exchange, path: string): Promise<unknown> {
    const { request } = exchange;
    const operation = operations.get(path);
    if (operation === undefined) {
      throw new Refusal(404, 'no such path; GET /openapi.json lists them');
    }
    const method = operation.method.toUpperCase();
    if (request.method !== method) {
      throw new Refusal(405, `expected ${method}, got ${request.method ?? 'nothing'}`, { allow: method });
    }
    if (operation.secured) admit(request, { key, isOpen });
    return handlers.get(operation.name)!(exchange);
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '', query] = (request.url ?? '').split('?', 2);
    const known = operations.get(path);
    const route = known?.path ?? '(other)';
    const method = request.method ?? '';
    const begun = performance.now();
    const ended = telemetry.requestBegins(route, known === undefined ? '' : method);
    const client = new AbortController();
    const number = ++requests;
    const exchange: Exchange = { request, number, query: new URLSearchParams(query), signal: client.signal };
    response.once('close', () => {
      const status = response.writableFinished ? response.statusCode : CLIENT_CLOSED;
      client.abort(new DOMException('the client hung up', 'AbortError'));
      ended(status);
      if (known !== undefined && UNLOGGED.has(known.name)) return;
      const duration_ms = Math.round(performance.now() - begun);
      log({ kind: 'request', request: number, route, method, status, duration_ms, ...exchange.counts });
    });

    let reply: Reply;
    try {
      reply = { status: 200, body: await answer(exchange, path), headers: {} };
    } catch (error) {
      reply = describeError(error);
      // A client that hung up half way is no fault of ours.
      if (reply.status === 500 && request.complete && !client.signal.aborted) {
        const detail = error instanceof Error ? error.message : String(error);
        report({ kind: 'internal-error', request: number, detail });
      }
    }
    // What is left of a refused body is read and dropped, or the client would never see the refusal.
    request.resume();
    const { body, status, headers } = reply;
    const bytes = Buffer.from(body instanceof Text ? body.text : JSON.stringify(body));
    response.writeHead(status, {
      'content-type': body instanceof Text ? body.type : 'application/json',
      'content-length': bytes.length,
      ...(drain.ending ? { connection: 'close' } : {}),
      ...headers,
    });
    response.end(bytes);
  }

  const server = createServer((request, response) => void handle(request, response));
  const drain = createDrain(server);

  return {
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        if (key === undefined && !isOpen && !isLoopback(host)) {
          throw new InputError([
            {
              message: `host ${host} can be reached from other machines: set a key (the command line reads TOUCHSTONE_REWARD_KEY), or listen on 127.0.0.1`,
            },
          ]);
        }
        server.once('error', (cause) => {
          const code = 'code' in cause ? String(cause.code) : cause.message;
          reject(
            new InputError(
              [{ message: `cannot listen on ${host}, port ${port} (${code}): choose another` }],
              {
                cause,
              },
            ),
          );
        });
        server.listen(port, host, () => {
          const { port: taken } = server.address() as AddressInfo;
          resolve(`http://${host.includes(':') ? `[${host}]` : host}:${taken}`);
        });
      }),
    async close(afterMs = 0) {
      isEnding = true;
      if (afterMs > 0) await new Promise((resolve) => setTimeout(resolve, afterMs));
      const ended = drain.end();
      rendezvous.flush();
      await ended;
    },
  };
}

/** What web servers write in their logs for a client that did not wait. */
const CLIENT_CLOSED = 499;

interface Reply {
  status: number;
  body: unknown;
  headers: Record<string, string>;
}

function describeError(error: unknown): Reply {
  if (error instanceof Refusal) {
    return { status: error.status, body: { error: { message: error.message } }, headers: error.headers };
  }
  if (error instanceof InputError) {
    const problems = error.problems.map(({ message }) => message);
    return { status: 400, body: { error: { message: error.message, problems } }, headers: {} };
  }
  return {
    status: 500,
    body: { error: { message: 'internal error; the server has reported it' } },
    headers: {},
  };
}
