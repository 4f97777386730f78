/** A text as JSON; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What `readBody` makes of a stream that nobody asked for and that names no error. */
export const STREAM_NOT_ASKED = 'stream_not_asked';

/**
 * The body of a reply as a value: JSON; of a stream of events the one that holds an error; of a page, which proxies answer
 * with, its title; of other texts the text. undefined when there is none.
 */
export function readBody(text: string | undefined): unknown {
  const body = text?.trim() ?? '';
  if (body === '') return undefined;
  const json = parseJson(body);
  if (json !== undefined) return json;
  if (/^(data|event|id|retry)?:/.test(body)) return readEvents(body);
  if (!body.startsWith('<')) return body;
  const title = /<(title|h1)[^>]*>([^<]+)/i.exec(body)?.[2]?.trim();
  return title === undefined ? undefined : `${title} (a page, no reply of an API)`;
}

function readEvents(body: string): unknown {
  const events = body.split(/\r?\n/).flatMap((line) => {
    const event = line.startsWith('data:') ? parseJson(line.slice('data:'.length)) : undefined;
    return typeof event === 'object' && event !== null ? [event] : [];
  });
  const failed = events.find((event) => 'error' in event && Boolean(event.error));
  if (failed !== undefined) return failed;
  const message = 'the server sends its reply as a stream, though it was asked for a whole one';
  return { error: { message, code: STREAM_NOT_ASKED } };
}
