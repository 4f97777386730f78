/** The names of the elements of an XML document. @throws {Error} it is not well-formed, by the part of XML 1.0 that it uses. */
export function elementsOf(xml: string): string[] {
  const [, body = ''] = /^<\?xml version="1\.0" encoding="UTF-8"\?>\n(.*)$/su.exec(xml) ?? [];
  const odd = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u.exec(body);
  if (body === '' || odd) throw new Error(`a character that XML cannot hold, at ${odd?.index}`);
  const part =
    /<(\/?)([a-z]+)((?: [a-z]+="(?:[^<&"]|&(?:amp|lt|gt|quot|apos);)*")*)(\/?)>|(?:[^<&>]|&(?:amp|lt|gt|quot|apos);)+/gy;
  const open: string[] = [];
  const names: string[] = [];
  while (part.lastIndex < body.length) {
    const at = part.lastIndex;
    const found = part.exec(body);
    if (!found) throw new Error(`not well-formed at ${JSON.stringify(body.slice(at, at + 80))}`);
    const [, closes, name, attributes = '', isEmpty] = found;
    if (name === undefined) continue;
    const keys = [...attributes.matchAll(/ ([a-z]+)="/g)].map(([, key]) => key);
    if (new Set(keys).size < keys.length) throw new Error(`an attribute twice: ${attributes}`);
    if (closes === '/') {
      if (open.pop() !== name) throw new Error(`</${name}> closes another element`);
    } else {
      names.push(name);
      if (isEmpty !== '/') open.push(name);
    }
  }
  if (open.length > 0) throw new Error(`not closed: ${open.join()}`);
  return names;
}
