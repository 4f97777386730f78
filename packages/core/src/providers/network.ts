import { Agent, request } from 'undici';

/** No API reply that a judge or a policy writes comes near this size. */
const MAX_REPLY_BYTES = 32 * 1024 * 1024;
/** A backstop only: callers bring their own, shorter, deadline as an abort signal. */
const IDLE_MS = 15 * 60 * 1000;

const agent = new Agent({ maxResponseSize: MAX_REPLY_BYTES, headersTimeout: IDLE_MS, bodyTimeout: IDLE_MS });

/**
 * The one door to the network: `fetch` as provider packages call it, over undici's pooled `request`, which
 * costs about a third of the CPU of the built-in `fetch` per call. Redirects are not followed, so that a key
 * never travels to a host the user did not name.
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
    headers: Object.fromEntries(new Headers(init?.headers)),
    body: payload,
    signal: init?.signal ?? null,
  });
  const text = await body.text();
  const bodiless = statusCode === 204 || statusCode === 205 || statusCode === 304;
  const received = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one): [string, string] => [name, one]),
  );
  return new Response(bodiless ? null : text, { status: statusCode, headers: received });
};
