import { STATUS_CODES } from 'node:http';
import { Agent, request } from 'undici';

/** No API reply that a judge or a policy writes comes near this size. */
const MAX_REPLY_BYTES = 32 * 1024 * 1024;
/** A backstop only: callers bring their own, shorter, deadline as an abort signal. */
const IDLE_MS = 15 * 60 * 1000;

const agent = new Agent({ maxResponseSize: MAX_REPLY_BYTES, headersTimeout: IDLE_MS, bodyTimeout: IDLE_MS });

/**
 * The one door to the network: `fetch` as provider packages call it, over undici's pooled `request`, which
 * costs about a third of the CPU of the built-in `fetch` per call. Redirects are not followed, so that a key
 * never travels to a host the user did not name. The reply is read to its end before it is handed on.
 *
 * Rejects with the signal's reason when it aborts, else with the socket's error.
 */
export const networkFetch: typeof globalThis.fetch = async (input, init) => {
  if (input instanceof Request) throw new TypeError('networkFetch: expected a URL, got a Request object');
  const payload = init?.body ?? null;
  if (payload !== null && typeof payload !== 'string' && !(payload instanceof Uint8Array)) {
    throw new TypeError('networkFetch: expected a text or byte body');
  }
  const { statusCode, headers, body } = await request(String(input), {
    dispatcher: agent,
    method: init?.method === 'POST' ? 'POST' : 'GET',
    headers: plainHeaders(init?.headers),
    body: payload,
    signal: init?.signal ?? null,
  });
  const bytes = new Uint8Array(await body.arrayBuffer());
  const received = Object.entries(headers).map(([name, value]): [string, string] => [
    name,
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ]);
  // The cast is what the class is for: provider packages read these members and no others.
  return new ReadReply(statusCode, new Map(received), bytes) as unknown as Response;
};

function plainHeaders(headers: RequestInit['headers']): Record<string, string> {
  if (headers === undefined) return {};
  const isPlain = !(headers instanceof Headers) && !Array.isArray(headers);
  return isPlain ? (headers as Record<string, string>) : Object.fromEntries(new Headers(headers));
}

/**
 * A reply that is there in full, as provider packages read a `Response`. A real one would put the bytes into a stream,
 * from which they are put together again at once.
 */
class ReadReply {
  readonly type = 'default';
  readonly statusText: string;
  readonly ok: boolean;

  constructor(
    readonly status: number,
    /** Names in lower case. */
    readonly headers: ReadonlyMap<string, string>,
    private readonly bytes: Uint8Array,
  ) {
    this.ok = status >= 200 && status < 300;
    this.statusText = STATUS_CODES[status] ?? '';
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

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }
}
