import { InputError } from '@touchstone/spec';
import type { Place } from '@touchstone/spec';
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, Parser, visit } from 'yaml';
import type { Document, Node, Pair } from 'yaml';

/** A file bigger than this is not a configuration. */
const MAX_BYTES = 2 ** 20;
/** The YAML composer recurses; our deepest key is at level 6. */
const MAX_DEPTH = 64;

export type Problem = { place?: Place; message: string };
export type Path = readonly PropertyKey[];

/** A parsed YAML file whose values can be traced back to line and column. */
export interface YamlSource {
  /** Plain data: maps as objects, lists as arrays. */
  value: unknown;
  /** Where the value at `path` is written; for what is missing, the nearest thing around it. */
  valuePlace(path: Path): Place;
  /** Where the last key of `path` is written, if it is. */
  keyPlace(path: Path): Place;
}

/**
 * Reads YAML 1.2 text strictly: duplicate keys, unknown tags, unset aliases and several documents are errors.
 *
 * @param file name for messages.
 * @throws {InputError} with every syntax problem at its line and column.
 */
export function parseYaml(text: string, file: string): YamlSource {
  if (text.length > MAX_BYTES) {
    throw InputError.at({ file }, `expected a configuration of at most ${MAX_BYTES / 1024} KiB`);
  }
  const lines = new LineCounter();
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  refuseDeepNesting(text, file);
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const flaws = [...document.errors, ...document.warnings].map(({ code, message, pos }): Problem => ({
    place: at(pos[0]),
    message: inOurWords(code, message),
  }));
  const problems = document.errors.length > 0 ? flaws : [...flaws, ...treeProblems(document, at)];
  if (problems.length > 0) throw new InputError(problems);

  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw InputError.at({ file }, 'aliases (*name) repeat too much: write the values out', { cause });
  }
  return {
    value,
    valuePlace: (path) => at(locate(document, path).value),
    keyPlace: (path) => at(locate(document, path).key),
  };
}

function inOurWords(code: string, message: string): string {
  switch (code) {
    case 'DUPLICATE_KEY':
      return 'this key is already set in the same mapping: keep one of the two';
    case 'TAB_AS_INDENT':
      return 'a tab is used to indent: YAML allows only spaces';
    case 'MULTIPLE_DOCS':
      return 'expected one YAML document, got a second one after "---"';
    default:
      return `not valid YAML: ${message}`;
  }
}

/** Runs on the flat token tree, because the composer would overflow the stack. */
function refuseDeepNesting(text: string, file: string): void {
  type Token = {
    type: string;
    offset?: number;
    value?: unknown;
    items?: { key?: unknown; value?: unknown }[];
  };
  const stack: { token: Token; depth: number }[] = [];
  const lines = new LineCounter();
  for (const token of new Parser(lines.addNewLine).parse(text)) stack.push({ token, depth: 0 });
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { token, depth } = top;
    if (depth > MAX_DEPTH) {
      const { line, col } = lines.linePos(token.offset ?? 0);
      throw InputError.at({ file, line, column: col }, `nested deeper than ${MAX_DEPTH} levels`);
    }
    const children =
      token.type === 'document' ? [token.value] : (token.items ?? []).flatMap((i) => [i.key, i.value]);
    for (const child of children) {
      if (child !== null && typeof child === 'object')
        stack.push({ token: child as Token, depth: depth + 1 });
    }
  }
}

/** Aliases that point nowhere, or at something that contains them; a key that readers of objects do not see. */
function treeProblems(document: Document, at: (offset: number) => Place): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Pair(_, { key }) {
      if (isScalar(key) && key.value === '__proto__')
        problems.push({ place: at(start(key)), message: 'the key "__proto__" is not allowed' });
    },
    Alias(_, alias, ancestors) {
      const target = alias.resolve(document);
      const offset = alias.range?.[0] ?? 0;
      if (target === undefined)
        problems.push({ place: at(offset), message: `the anchor &${alias.source} is not set above` });
      else if (ancestors.includes(target)) {
        problems.push({ place: at(offset), message: `the alias *${alias.source} contains itself` });
      }
    },
  });
  return problems;
}

/** Offsets of the last key of `path` and of its value; of the innermost thing that exists, where it does not. */
function locate(document: Document, path: Path): { key: number; value: number } {
  let node = resolved(document, document.contents);
  let found = { key: start(node), value: start(node) };
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => keyText(key) === String(step));
      if (pair === undefined) break;
      found = pairStart(pair);
      node = resolved(document, pair.value);
    } else if (isSeq(node) && typeof step === 'number' && isNode(node.items[step])) {
      const item = node.items[step];
      found = { key: start(item), value: start(item) };
      node = resolved(document, item);
    } else break;
  }
  return found;
}

function pairStart({ key, value }: Pair): { key: number; value: number } {
  const at = isNode(key) ? start(key) : 0;
  // `key:` with nothing behind it has an empty value after the colon: the key is the better place.
  const written = isNode(value) && !(isScalar(value) && value.value === null && value.source === '');
  // A collection in block style starts on the next line: again the key is what people look for.
  const inside = written && (isScalar(value) || isAlias(value) || ('flow' in value && value.flow === true));
  return { key: at, value: inside ? start(value) : at };
}

const start = (node: unknown): number => (isNode(node) ? (node.range?.[0] ?? 0) : 0);
const keyText = (key: unknown): string => (isScalar(key) ? String(key.value) : String(key));

function resolved(document: Document, node: unknown): Node | undefined {
  if (isAlias(node)) return node.resolve(document);
  return isNode(node) ? node : undefined;
}

/** A path as people write it: `judge.fallbacks[0].model`. */
export function pathText(path: Path): string {
  return path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i > 0 ? '.' : ''}${String(step)}`))
    .join('');
}
