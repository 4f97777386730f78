import http from 'node:http';
import https from 'node:https';
import { urlToHttpOptions } from 'node:url';

/** No API reply that a judge or a policy writes comes near this size. */
const MAX_REPLY_BYTES = 32 * 1024 * 1024;
/** A backstop only: callers bring their own, shorter, deadline as an abort signal. */
const SILENCE_MS = 15 * 60 * 1000;
/** A connection is kept unused for this long, or for less where the server says so (`Keep-Alive: timeout=5`). */
const UNUSED_MS = 60 * 1000;

const options = { keepAlive: true, timeout: UNUSED_MS };
const agents = { 'http:': new http.Agent(options), 'https:': new https.Agent(options) };

export interface NetworkRequest {
  method: 'GET' | 'POST';
  headers: http.OutgoingHttpHeaders;
  body?: string | Uint8Array | null | undefined;
  signal?: AbortSignal | null | undefined;
}

export interface NetworkReply {
  status: number;
  /** Names in lower case. */
  headers: http.IncomingHttpHeaders;
  bytes: Buffer;
}

/**
 * The one door to the network. Node's own client: as quick as others, and in AWS Lambda nothing to load; a parser in
 * WebAssembly costs 30 MB there while it is compiled. Connections are kept and reused. Redirects are not followed, so
 * that a key never travels to a host the user did not name.
 *
 * Rejects with the signal's reason when it aborts, else with the socket's error, which has a `code`.
 */
export function send(url: string, { method, headers, body, signal }: NetworkRequest): Promise<NetworkReply> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(reasonOf(signal));
    const target = targetOf(url);
    // As bytes: of a text the client would make two more copies, to measure it and to put the headers before it.
    const sent = typeof body === 'string' ? Buffer.from(body) : body;
    const request = (target.protocol === 'https:' ? https : http).request({
      ...target,
      // Without it a connection that is used again keeps the time that it may be unused, and slow replies are cut off.
      timeout: SILENCE_MS,
      method,
      headers: sent == null ? headers : { ...headers, 'content-length': sent.byteLength },
    });
    const end = (settle: () => void): void => {
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const fail = (error: Error): void => end(() => reject(error));
    const onAbort = (): void => {
      fail(reasonOf(signal!));
      request.destroy();
    };
    signal?.addEventListener('abort', onAbort);
    request.on('error', fail);
    request.on('timeout', () =>
      request.destroy(withCode('the connection was idle for too long', 'ESOCKETTIMEDOUT')),
    );
    request.on('response', (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on('error', fail);
      response.on('data', (part: Buffer) => {
        size += part.length;
        if (size <= MAX_REPLY_BYTES) parts.push(part);
        else request.destroy(withCode(`the reply has more than ${MAX_REPLY_BYTES} bytes`, 'EMSGSIZE'));
      });
      response.on('end', () => {
        const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
        end(() => resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes }));
      });
    });
    request.end(sent ?? undefined);
  });
}

/** A model has one address, which is read once. */
const targets = new Map<string, http.RequestOptions>();

function targetOf(url: string): http.RequestOptions {
  const known = targets.get(url);
  if (known) return known;
  const target = new URL(url);
  const { protocol } = target;
  if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`send: ${protocol} is not HTTP`);
  const made = { ...urlToHttpOptions(target), agent: agents[protocol] };
  targets.set(url, made);
  return made;
}

/** `send` as provider packages call it: `fetch`, as far as they use it. */
export const networkFetch: typeof globalThis.fetch = async (input, init) => {
  if (typeof input === 'object' && 'url' in input)
    throw new TypeError('networkFetch: expected a URL, got a Request object');
  const body = init?.body;
  if (body != null && typeof body !== 'string' && !(body instanceof Uint8Array)) {
    throw new TypeError('networkFetch: expected a text or byte body');
  }
  const reply = await send(String(input), {
    method: init?.method === 'POST' ? 'POST' : 'GET',
    headers: sentHeaders(init?.headers),
    body,
    signal: init?.signal,
  });
  // The cast is what the class is for: provider packages read these members and no others.
  return new ReadReply(reply) as unknown as Response;
};

/** Node's own `fetch` for packages that may use all of it; redirects are answers there too, and not followed. */
export const platformFetch: typeof globalThis.fetch = (input, init) =>
  fetch(input, { ...init, redirect: 'manual' });

/** Without the global `Headers` where none came: it alone loads all of the built-in fetch. */
function sentHeaders(headers: RequestInit['headers']): http.OutgoingHttpHeaders {
  if (headers === undefined) return {};
  return Symbol.iterator in headers
    ? Object.fromEntries(headers as Iterable<[string, string]>)
    : (headers as Record<string, string>);
}

/**
 * A reply that is there in full, as provider packages read a `Response`. A real one would put the bytes into a stream,
 * from which they are put together again at once.
 */
class ReadReply {
  readonly type = 'default';
  readonly status: number;
  readonly statusText: string;
  readonly ok: boolean;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  private readonly bytes: Uint8Array;

  constructor({ status, headers, bytes }: NetworkReply) {
    this.status = status;
    this.statusText = http.STATUS_CODES[status] ?? '';
    this.ok = status >= 200 && status < 300;
    this.headers = new Map(Object.entries(plainHeaders(headers)));
    this.bytes = bytes;
  }

  get body(): { getReader(): object; cancel(): Promise<void> } {
    let isRead = this.bytes.length === 0;
    const nothing = (): Promise<void> => Promise.resolve();
    return {
      cancel: nothing,
      getReader: () => ({
        read: () => {
          const chunk = isRead ? { done: true } : { done: false, value: this.bytes };
          isRead = true;
          return Promise.resolve(chunk);
        },
        cancel: nothing,
        releaseLock: () => undefined,
      }),
    };
  }

  text(): Promise<string> {
    return Promise.resolve(new TextDecoder().decode(this.bytes));
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return Promise.resolve(new Uint8Array(this.bytes).buffer);
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }
}

/** Headers with one text each; those that came several times are joined as HTTP joins them. */
export function plainHeaders(headers: http.IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'string' ? value : value.join(', ')]],
    ),
  );
}

/** What an aborted signal was given as its reason. */
function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new DOMException('the call was aborted', 'AbortError');
}

function withCode(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}
