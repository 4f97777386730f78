import type { IncomingMessage, ServerResponse } from 'node:http';
import { InputError } from '@touchstone/spec';
import { firstOf } from '../scoring/sample.js';
import type { Report } from '../scoring/notice.js';
import { admit, type Access } from './access.js';
import { Text, type Exchange, type Handler } from './handlers.js';
import { RETRY_AFTER } from './load.js';
import type { RequestRecord } from './log.js';
import { OPERATIONS, type Operation } from './openapi.js';
import { Refusal } from './refusal.js';
import type { Telemetry } from './telemetry.js';

export interface ListenerOptions {
  /** What answers each path, by the operation's name. */
  handlers: ReadonlyMap<string, Handler>;
  access: Access;
  telemetry: Telemetry;
  report: Report;
  log: (record: RequestRecord) => void;
  /** Replies should close their connections. */
  isClosing: () => boolean;
  /** When it aborts, requests in work are answered with what there is. */
  stop: AbortSignal;
}

/** Asked every few seconds; a line for each would bury the others. */
const UNLOGGED = new Set(['health', 'ready', 'metrics']);
/** What web servers write in their logs for a client that did not wait. */
const CLIENT_CLOSED = 499;
const BY_PATH: ReadonlyMap<string, Operation> = new Map(OPERATIONS.map((one) => [one.path, one]));

interface Reply {
  status: number;
  body: Text;
  headers: Record<string, string>;
}

/** Answers each request with what its path's handler gives, or with why not; measures it and logs it. */
export function createListener(
  options: ListenerOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { telemetry, log, report, isClosing, stop } = options;
  let requests = 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '', query] = (request.url ?? '').split('?', 2);
    const operation = BY_PATH.get(path);
    const route = operation?.path ?? '(other)';
    const method = request.method ?? '';
    const begun = performance.now();
    const ended = telemetry.requestBegins(route, operation === undefined ? '' : method);
    const client = new AbortController();
    const number = ++requests;
    const exchange: Exchange = {
      request,
      number,
      query: new URLSearchParams(query),
      signal: client.signal,
    };
    const hurry = (): void => client.abort(stop.reason);
    stop.addEventListener('abort', hurry);
    response.once('close', () => {
      stop.removeEventListener('abort', hurry);
      const status = response.writableFinished ? response.statusCode : CLIENT_CLOSED;
      client.abort(new DOMException('the client hung up', 'AbortError'));
      ended(status);
      if (operation !== undefined && UNLOGGED.has(operation.name)) return;
      const duration_ms = Math.round(performance.now() - begun);
      log({ kind: 'request', request: number, route, method, status, duration_ms, ...exchange.counts });
    });

    let reply: Reply;
    try {
      reply = { status: 200, body: render(await answer(exchange, operation, options)), headers: {} };
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
    send(response, reply, isClosing());
  }

  return (request, response) => void handle(request, response);
}

/** @throws {Refusal} when there is no such path, it takes another method, or the request may not come in. */
async function answer(
  exchange: Exchange,
  operation: Operation | undefined,
  { handlers, access, stop }: ListenerOptions,
): Promise<unknown> {
  const { request } = exchange;
  if (operation === undefined) throw new Refusal(404, 'no such path; GET /openapi.json lists them');
  const method = operation.method.toUpperCase();
  if (request.method !== method) {
    throw new Refusal(405, `expected ${method}, got ${request.method ?? 'nothing'}`, { allow: method });
  }
  if (operation.secured) {
    admit(request, access);
    if (stop.aborted) throw new Refusal(503, 'the server is ending', { 'retry-after': RETRY_AFTER });
  }
  return handlers.get(operation.name)!(exchange);
}

function describeError(error: unknown): Reply {
  if (error instanceof Refusal) {
    return {
      status: error.status,
      body: render({ error: { message: error.message } }),
      headers: error.headers,
    };
  }
  if (error instanceof InputError) {
    const problems = firstOf(error.problems.map(({ message }) => message));
    return { status: 400, body: render({ error: { message: problems.join('\n'), problems } }), headers: {} };
  }
  return {
    status: 500,
    body: render({ error: { message: 'internal error; the server has reported it' } }),
    headers: {},
  };
}

function render(body: unknown): Text {
  return body instanceof Text ? body : new Text(JSON.stringify(body), 'application/json');
}

function send(response: ServerResponse, { body, status, headers }: Reply, isClosing: boolean): void {
  const bytes = Buffer.from(body.text);
  response.writeHead(status, {
    'content-type': body.type,
    'content-length': bytes.length,
    ...(isClosing ? { connection: 'close' } : {}),
    ...headers,
  });
  response.end(bytes);
}
