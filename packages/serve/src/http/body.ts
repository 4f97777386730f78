import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal.js';

/** A thousand samples with long contracts fit. */
export const MAX_BODY_BYTES = 64 * 2 ** 20;

/**
 * The JSON body of a request.
 *
 * @throws {Refusal} 415, 413 or 400 when it is of another type, too large, not UTF-8 or not JSON.
 */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  // A page of another site can send plain text without asking first, but not this type.
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new Refusal(415, 'expected the header "Content-Type: application/json"');
  }
  const bytes = await readBytes(request);
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

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const tooLarge = (): Refusal =>
    new Refusal(
      413,
      `expected a body of at most ${MAX_BODY_BYTES / 2 ** 20} MiB; send fewer samples at once`,
      {
        connection: 'close',
      },
    );
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  // The socket is left open, so that the refusal can be written to it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
