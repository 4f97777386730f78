/** A body as JSON; undefined when it is none: proxies answer with pages of their own, and the status alone counts then. */
export function parseBody(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
