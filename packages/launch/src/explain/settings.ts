import type { JsonObject, JsonValue } from '@touchstone/spec';

/** A setting of `touchstone.yaml`, as its JSON Schema describes it. */
export interface Setting {
  /** Its place, joined by dots. */
  path: string;
  about: string;
  /** Values that it may have by name; none where it is no choice. */
  values: JsonValue[];
  /** By algorithm where it is one of `training:`, else under an empty name; absent where nothing is the default. */
  defaults: Map<string, JsonValue>;
  /** Algorithms that have it; none where it is no setting of `training:`. */
  algorithms: string[];
}

/** Every setting that a schema has, by its place; a list's entries are as the list. Branches of a choice are one. */
export function settingsIn(schema: JsonObject): Map<string, Setting> {
  const found = new Map<string, Setting>();
  const definitions = objectAt(schema, 'definitions');
  // A panel's judges are judges: what is being walked is not walked again inside.
  const open = new Set<string>();
  const walk = (at: JsonObject, path: string, algorithm: string): void => {
    const reference = at['$ref'];
    if (typeof reference === 'string' && !open.has(reference)) {
      open.add(reference);
      walk(objectAt(definitions, reference.split('/').at(-1)!), path, algorithm);
      open.delete(reference);
    }
    for (const branch of branchesOf(at)) walk(branch, path, algorithm);
    if (isObject(at['items'])) walk(at['items'], path, algorithm);
    const properties = objectAt(at, 'properties');
    const own = objectAt(properties, 'algorithm')['const'];
    const named = path === 'training' && typeof own === 'string' ? own : algorithm;
    for (const [name, child] of Object.entries(properties)) {
      if (!isObject(child)) continue;
      const place = path === '' ? name : `${path}.${name}`;
      note(found, place, child, place.startsWith('training.') ? named : '');
      walk(child, place, named);
    }
  };
  walk(schema, '', '');
  // A word that chooses a branch is described where the choice is.
  for (const setting of found.values()) {
    const around = setting.path.split('.').slice(0, -1).join('.');
    if (setting.about === '') setting.about = found.get(around)?.about ?? '';
  }
  return found;
}

function note(found: Map<string, Setting>, path: string, at: JsonObject, algorithm: string): void {
  const known = found.get(path);
  const setting: Setting = known ?? { path, about: '', values: [], defaults: new Map(), algorithms: [] };
  const about = typeof at['description'] === 'string' ? at['description'] : '';
  if (setting.about === '') setting.about = about;
  const values = Array.isArray(at['enum']) ? at['enum'] : 'const' in at ? [at['const']!] : [];
  for (const value of values) if (!setting.values.includes(value)) setting.values.push(value);
  if (at['default'] !== undefined && !isObject(at['default'])) setting.defaults.set(algorithm, at['default']);
  if (algorithm !== '' && !setting.algorithms.includes(algorithm)) setting.algorithms.push(algorithm);
  found.set(path, setting);
}

const branchesOf = (at: JsonObject): JsonObject[] =>
  ['oneOf', 'anyOf', 'allOf'].flatMap((key) => at[key] ?? []).filter(isObject);

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function objectAt(at: JsonObject, key: string): JsonObject {
  const value = Object.hasOwn(at, key) ? at[key] : undefined;
  return isObject(value) ? value : {};
}
