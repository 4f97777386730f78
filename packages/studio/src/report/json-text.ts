/** Deeper levels are not indented further: hostile nesting would make the text grow with its square. */
const DEEPEST_INDENT = 12;

/**
 * A JSON object or list laid out for reading, or undefined when the text is not one. Works on the text and not on
 * the parsed value, so that what the model wrote stays: repeated keys, `1.0`, escapes.
 */
export function layOutJson(text: string): string | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith('{') && !trimmed.startsWith('[')) return undefined;
  try {
    JSON.parse(trimmed);
  } catch {
    return undefined;
  }
  const tokens = trimmed.match(/"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{},:]|[^\s"[\]{},:]+/g) ?? [];
  const out: string[] = [];
  let depth = 0;
  const newLine = (): string => `\n${'  '.repeat(Math.min(depth, DEEPEST_INDENT))}`;
  tokens.forEach((token, i) => {
    const closes = token === '}' || token === ']';
    const afterOpen = tokens[i - 1] === '{' || tokens[i - 1] === '[';
    if (closes) depth--;
    if (i > 0 && (closes ? !afterOpen : afterOpen || tokens[i - 1] === ',')) out.push(newLine());
    out.push(token === ':' ? ': ' : token);
    if (token === '{' || token === '[') depth++;
  });
  return out.join('');
}
