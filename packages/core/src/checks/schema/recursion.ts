import { isRecord } from '../../text/json-value.js';

/** Keywords whose subschemas look at the very same value: one, a list, or by name. */
const IN_PLACE = ['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else', 'dependentSchemas'];
/** Keywords whose values are data, in which nothing is a schema. */
const DATA = new Set(['const', 'enum', 'default', 'examples']);

/** How the parts of a JSON Schema lead back to themselves. */
export interface Recursion {
  /** Some part leads back to itself by references, as that of a tree does. */
  isRecursive: boolean;
  /** A part that leads back to itself and has looked at nothing on the way, as JSON pointer: it would never come to an end. */
  endless?: string;
}

/**
 * Follows the references of a JSON Schema (draft 2020-12). What is referred to by `$id` or dynamically may be any part that
 * has that name; where there is none, the schema counts as recursive.
 */
export function recursionOf(root: unknown): Recursion {
  const parts = new Map<object, string>();
  const named = new Map<string, object[]>();
  collect(root, '#', (part, pointer) => {
    parts.set(part, pointer);
    for (const name of [part['$id'], anchor(part['$anchor']), anchor(part['$dynamicAnchor'])])
      if (typeof name === 'string') named.set(name, [...(named.get(name) ?? []), part]);
  });
  let isUnknown = false;
  const targetsOf = (part: Record<string, unknown>): object[] =>
    ['$ref', '$dynamicRef', '$recursiveRef'].flatMap((keyword) => {
      const reference = part[keyword];
      if (typeof reference !== 'string') return [];
      const found = [atPointer(root, reference), ...(named.get(reference) ?? [])].filter(isRecord);
      isUnknown ||= found.length === 0;
      return found;
    });
  const inPlace = (part: Record<string, unknown>): object[] => [
    ...targetsOf(part),
    ...IN_PLACE.flatMap((keyword) => childrenOf(part[keyword], keyword === 'dependentSchemas')),
  ];
  const within = (part: Record<string, unknown>): object[] => [
    ...targetsOf(part),
    ...Object.entries(part).flatMap(([keyword, value]) =>
      DATA.has(keyword) ? [] : [...childrenOf(value, false), ...childrenOf(value, true)],
    ),
  ];
  const endless = onCycle([...parts.keys()], inPlace);
  const cyclic = onCycle([...parts.keys()], within);
  return {
    isRecursive: isUnknown || cyclic !== undefined,
    ...(endless === undefined ? {} : { endless: parts.get(endless) ?? '#' }),
  };
}

function anchor(name: unknown): string | undefined {
  return typeof name === 'string' ? `#${name}` : undefined;
}

/** Every object that may be a schema, with its place. */
function collect(
  value: unknown,
  pointer: string,
  see: (part: Record<string, unknown>, pointer: string) => void,
): void {
  if (Array.isArray(value)) value.forEach((one, i) => collect(one, `${pointer}/${i}`, see));
  if (!isRecord(value)) return;
  see(value, pointer);
  for (const [key, one] of Object.entries(value)) if (!DATA.has(key)) collect(one, `${pointer}/${key}`, see);
}

/** The schemas that a keyword's value holds: itself, those of a list, or those by name. */
function childrenOf(value: unknown, byName: boolean): Record<string, unknown>[] {
  if (Array.isArray(value)) return value.filter(isRecord);
  if (!isRecord(value)) return [];
  return byName ? Object.values(value).filter(isRecord) : [value];
}

/** What stands at a JSON pointer of the document itself, `#` or `#/…`. */
function atPointer(root: unknown, reference: string): unknown {
  if (reference !== '#' && !reference.startsWith('#/')) return undefined;
  let value = root;
  for (const key of decodeURIComponent(reference).split('/').slice(1)) {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(value)) value = value[Number(name)];
    else value = isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }
  return value;
}

/** A node that lies on a cycle, if there is one. */
function onCycle<Node>(nodes: readonly Node[], next: (node: never) => readonly Node[]): Node | undefined {
  const state = new Map<Node, 'open' | 'done'>();
  for (const start of nodes) {
    const path: { node: Node; left: Node[] }[] = [];
    const enter = (node: Node): void => {
      state.set(node, 'open');
      path.push({ node, left: [...next(node as never)] });
    };
    if (!state.has(start)) enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const follow = top.left.pop();
      if (follow === undefined) {
        state.set(top.node, 'done');
        path.pop();
      } else if (state.get(follow) === 'open') return follow;
      else if (!state.has(follow)) enter(follow);
    }
  }
  return undefined;
}
