import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal.js';

/**
 * A thousand samples with long contracts fit. Text is parsed in one go, at some 10 ms a MiB, and nobody else is answered
 * meanwhile.
 */
export const MAX_BODY_BYTES = 16 * 2 ** 20;
/** Values of a body, keys counted too: parsing takes some 1 ms for every thousand of them. */
const MAX_VALUES = 200_000;
/** A sample may be nested 64 deep; deeper bodies are of no trainer's. */
const MAX_DEPTH = 200;

/**
 * The JSON body of a request.
 *
 * @param hold is told of the bytes as they arrive, and may refuse them.
 * @throws {Refusal} 415, 413 or 400 when it is of another type, too large, not UTF-8 or not JSON.
 */
export async function readJsonBody(
  request: IncomingMessage,
  hold: (bytes: number) => void,
): Promise<unknown> {
  // A page of another site can send plain text without asking first, but not this type.
  if (!/^application\/json\s*(;\s*charset="?utf-?8"?\s*)?$/i.test(request.headers['content-type'] ?? '')) {
    throw new Refusal(415, 'expected the header "Content-Type: application/json", in UTF-8');
  }
  if (!/^(identity)?$/i.test(request.headers['content-encoding'] ?? '')) {
    throw new Refusal(415, 'expected a body as it is, without Content-Encoding');
  }
  const bytes = await readBytes(request, hold);
  await assertModest(bytes);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Refusal(400, 'the body is not UTF-8 text');
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Refusal(400, `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function readBytes(request: IncomingMessage, hold: (bytes: number) => void): Promise<Buffer> {
  const refuse = (message: string): Refusal => new Refusal(413, message, { connection: 'close' });
  const tooLarge = `expected a body of at most ${MAX_BODY_BYTES / 2 ** 20} MiB; send fewer samples at once`;
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw refuse(tooLarge);
  const chunks: Buffer[] = [];
  let size = 0;
  // The socket is left open, so that the refusal can be written to it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw refuse(tooLarge);
    hold(chunk.length);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);
/** Bytes that are looked at before others have their turn. */
const SLICE_BYTES = 2 ** 18;

/**
 * Refuses a text whose parsing would take long or much memory for its size. What it takes for JSON need not be: that
 * shows when it is parsed.
 *
 * @throws {Refusal} 413 or 400.
 */
async function assertModest(bytes: Buffer): Promise<void> {
  let values = 0;
  let depth = 0;
  let isText = false;
  let turnAt = SLICE_BYTES;
  for (let i = 0; i < bytes.length; i++) {
    if (i > turnAt) {
      turnAt = i + SLICE_BYTES;
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (isText) {
      i = bytes.indexOf(QUOTE, i);
      if (i === -1) return;
      isText = isEscaped(bytes, i);
      continue;
    }
    const byte = bytes[i]!;
    if (byte === QUOTE) isText = true;
    else if (byte === COMMA || byte === COLON) values++;
    else if (OPENING.has(byte)) {
      values++;
      if (++depth > MAX_DEPTH) throw new Refusal(400, `the body is nested deeper than ${MAX_DEPTH} levels`);
    } else if (CLOSING.has(byte)) depth--;
    if (values > MAX_VALUES) {
      throw new Refusal(
        413,
        `expected a body of at most ${MAX_VALUES} values; send fewer samples at once, or leave out lists such as those of token ids`,
      );
    }
  }
}

/** Whether the byte at `at`, inside a text, follows an odd number of backslashes. */
function isEscaped(bytes: Buffer, at: number): boolean {
  let first = at;
  while (bytes[first - 1] === BACKSLASH) first--;
  return (at - first) % 2 === 1;
}
